package accounts

import (
	"fmt"
	"maps"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// ownKinds are the built-in kinds.
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

// NewKinds returns the registry of the built-in kinds and those of methods. Several methods may share a kind if they
// agree on its class.
func NewKinds(of ...map[string]method.CredentialClass) (kinds, error) {
	all := maps.Clone(ownKinds)
	for _, list := range of {
		for name, class := range list {
			switch have, known := all[name]; {
			case name == "" || !class.Valid():
				return nil, fmt.Errorf("the kind of credential %q has no valid class", name)
			case known && have != class:
				return nil, fmt.Errorf("the kind of credential %q is both %s and %s", name, have, class)
			}
			all[name] = class
		}
	}
	return all, nil
}

// ClassOf returns the class of a kind of credential, empty if it is not registered.
func (a *core) ClassOf(kind string) method.CredentialClass { return a.kinds[kind] }
