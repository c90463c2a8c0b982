package accounts

import (
	"fmt"
	"maps"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// ownKinds are those that need no method to say so.
var ownKinds = kinds{
	store.KindPassword:     method.ClassPrimary,
	store.KindIdentity:     method.ClassLink,
	store.KindKnownBrowser: method.ClassMark,
	store.KindSignInTicket: method.ClassTicket,
	store.KindEmailChange:  method.ClassPending,
	store.KindEmailUndo:    method.ClassPending,
	store.KindAPIToken:     method.ClassToken,
}

// kinds is the registry of the kinds of credentials.
type kinds map[string]method.CredentialClass

// NewKinds returns the registry of our own kinds and those of methods. Several methods may keep credentials of one
// kind, as long as they agree on what it is.
func NewKinds(of ...map[string]method.CredentialClass) (kinds, error) {
	all := maps.Clone(ownKinds)
	for _, list := range of {
		for name, class := range list {
			switch have, known := all[name]; {
			case name == "" || !class.Valid():
				return nil, fmt.Errorf("the kind of credential %q is of no class that there is", name)
			case known && have != class:
				return nil, fmt.Errorf("the kind of credential %q is both %s and %s", name, have, class)
			}
			all[name] = class
		}
	}
	return all, nil
}

// ClassOf says what a kind of credential is; empty where it is not registered.
func (a *core) ClassOf(kind string) method.CredentialClass { return a.kinds[kind] }
