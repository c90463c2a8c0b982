package message

// Message holds the facts of one message. Its text is a translated template, chosen by Kind.
type Message struct {
	Kind string // "confirm", "reset", …
	Lang string // Accept-Language of the browser that requested it
	To   string
	Link string // target of the button; empty: no button
	Code string // to type into the page that requested the message; empty: none

	Account string // address of the account
	Email   string // the other address, in a message about two
}
