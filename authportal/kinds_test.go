package authportal

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// keeperOf is a method that only declares the kinds of its credentials.
type keeperOf map[string]method.CredentialClass

func (keeperOf) Kind() string { return "keeper" }

func (keeperOf) Begin(context.Context, *method.Attempt) (method.Step, error) {
	return method.Show{}, nil
}

func (keeperOf) Continue(context.Context, *method.Attempt) (method.Step, error) {
	return method.Refused{Reason: "nobody"}, nil
}

func (k keeperOf) CredentialKinds() map[string]method.CredentialClass { return k }

func withKinds(list keeperOf) worldOption {
	return func(c *Config) {
		c.Methods = append(c.Methods, method.Configured{Name: "keeper", Method: list, Second: true})
	}
}

// madeUp has an invented kind of every class.
var madeUp = keeperOf{"x_primary": method.ClassPrimary, "x_factor": method.ClassFactor, "x_link": method.ClassLink,
	"x_mark":   method.ClassMark,
	"x_ticket": method.ClassTicket, "x_pending": method.ClassPending, "x_token": method.ClassToken}

// holdAll gives the account a credential of every kind, including an unregistered one. Their ids begin with age.
func (w *world) holdAll(u *store.User, age string) {
	w.t.Helper()
	for _, kind := range append(slices.Collect(maps.Keys(madeUp)), "x_unknown") {
		c := store.Credential{Kind: kind, ID: age + kind + u.ID, Owner: u.ID, Data: []byte("x"), Created: w.clock()}
		if err := w.users.PutCredential(w.t.Context(), c); err != nil {
			w.t.Fatal(err)
		}
	}
}

// held lists the made-up kinds of that age that an account still has credentials of, sorted.
func (w *world) held(id, age string) string {
	w.t.Helper()
	list, err := w.users.CredentialsOf(w.t.Context(), id, "")
	if err != nil {
		w.t.Fatal(err)
	}
	var kinds []string
	for _, k := range list {
		if kind, made := strings.CutPrefix(k.Kind, "x_"); made && strings.HasPrefix(k.ID, age) {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return strings.Join(kinds, " ")
}

func TestClearingFactors(t *testing.T) {
	w, _ := newAccounts(t, withKinds(madeUp))
	u := w.user("ann")
	w.holdAll(&u, "")
	list, err := w.p.Accounts().Factors(t.Context(), u.ID)
	if err != nil || len(list) != 1 || list[0].Kind != "x_factor" {
		t.Errorf("factors: %+v, %v", list, err)
	}
	if err := w.p.Accounts().ClearFactors(t.Context(), cli, u.ID); err != nil {
		t.Fatal(err)
	}
	if got := w.held(u.ID, ""); got != "link pending primary token unknown" {
		t.Errorf("left are %s", got)
	}
}

func TestRegistryOfCredentialKinds(t *testing.T) {
	type of = map[string]method.CredentialClass
	for name, c := range map[string]struct {
		kinds []of
		ok    bool
	}{
		"a kind of a method": {[]of{{"totp": method.ClassFactor}}, true},
		"two methods that agree": {[]of{{"passkey": method.ClassFactor},
			{"passkey": method.ClassFactor}}, true},
		"our own kind, as it is": {[]of{{store.KindPassword: method.ClassPrimary}}, true},
		"two methods that do not agree": {[]of{{"passkey": method.ClassFactor},
			{"passkey": method.ClassPrimary}}, false},
		"our own kind as something else":      {[]of{{store.KindIdentity: method.ClassFactor}}, false},
		"a kind without a name":               {[]of{{"": method.ClassFactor}}, false},
		"a kind of a class that there is not": {[]of{{"totp": "second"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := accounts.NewKinds(c.kinds...); (err == nil) != c.ok {
				t.Error(err)
			}
		})
	}
}

// enrols is a method that enrols a credential; secondFactor can follow another one.
type enrols struct{ keeperOf }

func (enrols) CredentialKind() string { return "totp" }

type secondFactor struct {
	method.Method
	method.Enroller
}

func (secondFactor) Enrolled(context.Context, *store.User) (bool, error) { return true, nil }

func TestKindsThatEnrollersKeep(t *testing.T) {
	for name, c := range map[string]struct {
		m    method.Method
		want method.CredentialClass
	}{
		"what follows another proof is a factor": {secondFactor{keeperOf{}, enrols{}}, method.ClassFactor},
		"what says so itself is what it says":    {enrols{keeperOf{"totp": method.ClassMark}}, method.ClassMark},
		"what enrols nothing keeps nothing":      {&plainPassword{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := method.CredentialKinds(c.m)["totp"]; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
