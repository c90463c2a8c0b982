package authportal

import (
	"fmt"

	"github.com/gatehouse-auth/gatehouse/store"
)

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

// ownKinds are those that need no method to say so.
var ownKinds = []CredentialKind{
	{store.KindPassword, ClassPrimary},
	{store.KindIdentity, ClassLink},
	{store.KindKnownBrowser, ClassMark},
	{store.KindSignInTicket, ClassTicket},
	{store.KindEmailChange, ClassPending},
	{store.KindEmailUndo, ClassPending},
	{store.KindAPIToken, ClassToken},
}

// kinds is the registry of the kinds of credentials.
type kinds map[string]CredentialClass

// newKinds returns the registry of our own kinds and those of methods. Several methods may keep credentials of one kind, as
// long as they agree on what it is.
func newKinds(of []CredentialKind) (kinds, error) {
	all := kinds{}
	for _, list := range [][]CredentialKind{ownKinds, of} {
		for _, k := range list {
			switch have, known := all[k.Name]; {
			case k.Name == "" || !k.Class.valid():
				return nil, fmt.Errorf("the kind of credential %q is of no class that there is", k.Name)
			case known && have != k.Class:
				return nil, fmt.Errorf("the kind of credential %q is both %s and %s", k.Name, have, k.Class)
			}
			all[k.Name] = k.Class
		}
	}
	return all, nil
}

func (c CredentialClass) valid() bool {
	switch c {
	case ClassPrimary, ClassFactor, ClassLink, ClassMark, ClassTicket, ClassPending, ClassToken:
		return true
	}
	return false
}

// ClassOf says what a kind of credential is; empty where nobody registered it.
func (a *Accounts) ClassOf(kind string) CredentialClass { return a.kinds[kind] }
