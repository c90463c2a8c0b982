package message

// Message is what to write to whom; the words are translations, by its kind.
type Message struct {
	Kind string // "confirm", "reset", …: of the sentences
	Lang string // Accept-Language of whoever asked
	To   string
	Link string // where its button leads; empty: it has none
	Code string // to be typed where the message was asked for; empty: it has none

	Account string // the address that it is about
	Email   string // the other address, where it is about two
}
