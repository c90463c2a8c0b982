package method

// CredentialClass is the role of a kind of credential for its account. Acts on "second factors" or "device cookies"
// select by class, never by exclusion: an unregistered kind has no class.
type CredentialClass string

// Classes of credentials.
const (
	ClassPrimary CredentialClass = "primary" // begins a sign-in: a password
	ClassFactor  CredentialClass = "factor"  // follows another proof: a one-time code, a passkey
	ClassLink    CredentialClass = "link"    // an identity at a provider or directory
	ClassMark    CredentialClass = "mark"    // a browser that signed in before: a device cookie
	ClassTicket  CredentialClass = "ticket"  // a single-use link from an administrator
	ClassPending CredentialClass = "pending" // a pending change that a link confirms or undoes
	ClassToken   CredentialClass = "token"   // of programs
)

// Valid reports whether c is one of the classes.
func (c CredentialClass) Valid() bool {
	switch c {
	case ClassPrimary, ClassFactor, ClassLink, ClassMark, ClassTicket, ClassPending, ClassToken:
		return true
	}
	return false
}

// CredentialKeeper is an ability of methods that store credentials: to name their kinds. The kind of an [Enroller]
// without this ability is a factor if it is a [SecondFactor], and primary otherwise.
type CredentialKeeper interface {
	// CredentialKinds returns the class of each kind.
	CredentialKinds() map[string]CredentialClass
}

// CredentialKinds returns the kinds of credentials that a method stores, and the class of each.
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
