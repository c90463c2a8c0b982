package method

// CredentialClass says what a kind of credential is to its account. What is done to "second factors" or "device cookies" is
// decided by it, never by what a kind is not: a kind that nobody registered belongs to no class.
type CredentialClass string

// Classes of credentials.
const (
	ClassPrimary CredentialClass = "primary" // begins a sign-in: a password
	ClassFactor  CredentialClass = "factor"  // follows another proof: a one-time code, a passkey
	ClassLink    CredentialClass = "link"    // an identity at a provider or directory
	ClassMark    CredentialClass = "mark"    // a browser that signed in before: a device cookie
	ClassTicket  CredentialClass = "ticket"  // a link that an administrator handed out, good once
	ClassPending CredentialClass = "pending" // a change under way that a link confirms or takes back
	ClassToken   CredentialClass = "token"   // of programs
)

// CredentialKind is a kind of credential and what it is.
type CredentialKind struct {
	Name  string // store.Credential.Kind
	Class CredentialClass
}

// CredentialKeeper is an ability of methods that keep credentials of their own: to say of what kinds these are.
type CredentialKeeper interface {
	CredentialKinds() []CredentialKind
}
