package authportal

import (
	"context"
	"slices"
	"testing"

	"github.com/gatehouse-auth/gatehouse/store"
)

// keeperOf is a method that proves nobody and says what kinds of credentials it keeps.
type keeperOf []CredentialKind

func (keeperOf) Kind() string                                  { return "keeper" }
func (keeperOf) Begin(context.Context, *Attempt) (Step, error) { return Show{}, nil }
func (keeperOf) Continue(context.Context, *Attempt) (Step, error) {
	return Refused{Reason: "nobody"}, nil
}
func (k keeperOf) CredentialKinds() []CredentialKind { return k }

func withKinds(list ...CredentialKind) worldOption {
	return func(c *Config) {
		c.Methods = append(c.Methods, Named{Name: "keeper", Method: keeperOf(list), Second: true})
	}
}

// madeUp has a kind of every class that no method of ours knows.
var madeUp = []CredentialKind{{"x_primary", ClassPrimary}, {"x_factor", ClassFactor}, {"x_link", ClassLink}, {"x_mark", ClassMark},
	{"x_ticket", ClassTicket}, {"x_pending", ClassPending}, {"x_token", ClassToken}}

// holdAll gives the account a credential of every kind, a kind that nobody registered included.
func (w *world) holdAll(u *store.User) {
	w.t.Helper()
	for _, k := range append(slices.Clone(madeUp), CredentialKind{Name: "x_unknown"}) {
		c := store.Credential{Kind: k.Name, ID: k.Name, Owner: u.ID, Data: []byte("x"), Created: w.clock()}
		if err := w.users.PutCredential(w.t.Context(), c); err != nil {
			w.t.Fatal(err)
		}
	}
}

// held lists the made-up kinds that an account still has credentials of, sorted.
func (w *world) held(id string) (kinds []string) {
	w.t.Helper()
	list, err := w.users.CredentialsOf(w.t.Context(), id, "")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, k := range list {
		if k.Kind[:2] == "x_" {
			kinds = append(kinds, k.Kind[2:])
		}
	}
	slices.Sort(kinds)
	return kinds
}

func TestClearingFactors(t *testing.T) {
	w, _ := newAccounts(t, withKinds(madeUp...))
	u := w.user("ann")
	w.holdAll(&u)
	list, err := w.p.Accounts().Factors(t.Context(), u.ID)
	if err != nil || len(list) != 1 || list[0].Kind != "x_factor" {
		t.Errorf("factors: %+v, %v", list, err)
	}
	if err := w.p.Accounts().ClearFactors(t.Context(), cli, u.ID); err != nil {
		t.Fatal(err)
	}
	if got := w.held(u.ID); !slices.Equal(got, []string{"link", "pending", "primary", "token", "unknown"}) {
		t.Errorf("left are %v", got)
	}
}

func TestRegistryOfCredentialKinds(t *testing.T) {
	for name, c := range map[string]struct {
		kinds []CredentialKind
		ok    bool
	}{
		"a kind of a method":                  {[]CredentialKind{{"totp", ClassFactor}}, true},
		"two methods that agree":              {[]CredentialKind{{"passkey", ClassFactor}, {"passkey", ClassFactor}}, true},
		"our own kind, as it is":              {[]CredentialKind{{store.KindPassword, ClassPrimary}}, true},
		"two methods that do not agree":       {[]CredentialKind{{"passkey", ClassFactor}, {"passkey", ClassPrimary}}, false},
		"our own kind as something else":      {[]CredentialKind{{store.KindIdentity, ClassFactor}}, false},
		"a kind without a name":               {[]CredentialKind{{"", ClassFactor}}, false},
		"a kind of a class that there is not": {[]CredentialKind{{"totp", "second"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := newKinds(c.kinds); (err == nil) != c.ok {
				t.Error(err)
			}
		})
	}
}
