package method

// CredentialClass says what a kind of credential is to its account. What is done to "second factors" or "device
// cookies" is decided by it, never by what a kind is not: a kind that nobody registered belongs to no class.
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

// Valid reports whether there is such a class.
func (c CredentialClass) Valid() bool {
	switch c {
	case ClassPrimary, ClassFactor, ClassLink, ClassMark, ClassTicket, ClassPending, ClassToken:
		return true
	}
	return false
}

// CredentialKeeper is an ability of methods that keep credentials: to say of what kinds these are. The kinds of an
// [Enroller] that says no more count as factors where it is a [SecondFactor], and as primary otherwise.
type CredentialKeeper interface {
	// CredentialKinds returns the class of each kind.
	CredentialKinds() map[string]CredentialClass
}

// CredentialKinds returns the kinds of credentials that a method keeps, and the class of each.
func CredentialKinds(m Method) map[string]CredentialClass {
	switch m := m.(type) {
	case CredentialKeeper:
		return m.CredentialKinds()
	case Enroller:
		if _, second := m.(SecondFactor); second {
			return map[string]CredentialClass{m.CredentialKind(): ClassFactor}
		}
		return map[string]CredentialClass{m.CredentialKind(): ClassPrimary}
	}
	return nil
}
