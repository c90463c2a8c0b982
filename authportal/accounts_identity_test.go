package authportal

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// outside is a world that accepts outside identities. A group "g:<role>" grants that role.
func outside(t *testing.T, rules accounts.SignUpRules) (*world, *accounts.Accounts) {
	t.Helper()
	w, _ := newAccounts(t)
	a, err := accounts.New(accounts.Deps{Users: w.users, Sessions: w.shop, Seal: w.cfg.Keys,
		Events: audit.NewEmitter(w.clock, w.cfg.Log, w.cfg.Notify), Now: w.clock, SignUp: rules,
		RolesFrom: func(_ string, groups []string) (roles []string) {
			for _, g := range groups {
				if role, ok := strings.CutPrefix(g, "g:"); ok {
					roles = append(roles, role)
				}
			}
			return roles
		}})
	if err != nil {
		t.Fatal(err)
	}
	return w, a
}

// identity returns ann's identity at a provider.
func identity(change func(*method.Identity)) method.Identity {
	id := method.Identity{Issuer: "https://id.example", Subject: "1", Email: "Ann@example.com", EmailVerified: true,
		Name: "Ann", Username: "ann"}
	if change != nil {
		change(&id)
	}
	return id
}

func ask(id method.Identity, o method.ProviderOptions) accounts.IdentityRequest {
	return accounts.IdentityRequest{Method: "corp", Identity: id, Options: o,
		Actor: accounts.Actor{Address: "192.0.2.7", Host: "auth.example.org"}}
}

func TestIdentityOfANewcomer(t *testing.T) {
	unverified := func(id *method.Identity) { id.EmailVerified = false }
	open := accounts.SignUpRules{Open: true, Roles: []string{"member"}}
	chosen := accounts.SignUpRules{Open: true, ChooseUsername: true}
	for name, c := range map[string]struct {
		rules   accounts.SignUpRules
		options method.ProviderOptions
		change  func(*method.Identity)
		want    string // code of the refusal; empty: an account
		ok      func(*store.User) bool
	}{
		"gets an account, known by the address": {open, method.ProviderOptions{Roles: []string{"staff"}}, nil, "",
			func(u *store.User) bool {
				return u.Username == "ann@example.com" && u.Email == u.Username && u.Confirmed && u.Name == "Ann" &&
					u.Approved &&
					slices.Equal(u.Roles, []string{"member", "staff"}) && u.GivenRoles == nil
			}},
		"waits where an administrator approves": {accounts.SignUpRules{Approval: true}, method.ProviderOptions{}, nil,
			"",
			func(u *store.User) bool { return !u.Approved }},
		"gets none where nobody signs up": {accounts.SignUpRules{}, method.ProviderOptions{}, nil, "signup_closed",
			nil},
		"gets one where the provider says so": {accounts.SignUpRules{}, method.ProviderOptions{SignUp: "on"}, nil, "",
			func(u *store.User) bool { return u.Approved }},
		"waits where both say so": {accounts.SignUpRules{Approval: true},
			method.ProviderOptions{SignUp: "on"}, nil, "", func(u *store.User) bool { return !u.Approved }},
		"gets none where the provider says no": {open, method.ProviderOptions{SignUp: "off"}, nil,
			"signup_closed", nil},
		"of a domain that the provider lets in": {open, method.ProviderOptions{Domains: []string{"example.com"}},
			nil, "", func(*store.User) bool { return true }},
		"of a domain that the provider does not": {open, method.ProviderOptions{Domains: []string{"example.net"}},
			nil, "invalid_field email", nil},
		"of a domain that may not sign up": {accounts.SignUpRules{Open: true, Domains: []string{"example.net"}},
			method.ProviderOptions{}, nil, "invalid_field email", nil},
		"of a domain that nobody vouches for": {open, method.ProviderOptions{Domains: []string{"example.com"}},
			unverified, "email_not_confirmed", nil},
		"without an address that is vouched for": {open, method.ProviderOptions{}, unverified,
			"email_not_confirmed", nil},
		"goes by a username where people choose": {chosen, method.ProviderOptions{}, nil, "", func(u *store.User) bool {
			return u.Username == "ann" && u.Email == "ann@example.com"
		}},
		"has a username and no address": {chosen, method.ProviderOptions{}, unverified, "", func(u *store.User) bool {
			return u.Username == "ann" && u.Email == "" && !u.Confirmed
		}},
		"has a username that is taken": {chosen, method.ProviderOptions{},
			func(id *method.Identity) { id.Username = "BEN" }, "", func(u *store.User) bool {
				return u.Username == "ann@example.com"
			}},
		"has a username that is taken, and no address": {chosen, method.ProviderOptions{},
			func(id *method.Identity) { id.Username, id.Email = "ben", "" }, "username_taken", nil},
		"has an address that is taken": {open, method.ProviderOptions{},
			func(id *method.Identity) { id.Email = "BEN@example.com" }, "link_required", nil},
		"claims an address that is taken": {open, method.ProviderOptions{},
			func(id *method.Identity) { id.Email, id.EmailVerified = "ben@example.com", false },
			"email_not_confirmed", nil},
		"has a name that cannot be shown": {open, method.ProviderOptions{},
			func(id *method.Identity) { id.Name = "a\u202eb" }, "", func(u *store.User) bool { return u.Name == "" }},
	} {
		t.Run(name, func(t *testing.T) {
			w, a := outside(t, c.rules)
			w.user("ben")
			u, link, err := a.ForIdentity(t.Context(), ask(identity(c.change), c.options))
			events := w.reasons(audit.EventSignUp)
			if c.want != "" {
				if code := codeOf(err); code != c.want || w.count() != 1 || u.ID != "" || link.ID != "" {
					t.Errorf("%s and %d accounts, want %s", code, w.count(), c.want)
				}
				if want, _, _ := strings.Cut(c.want, " "); !slices.Equal(events, []string{"refused " + want}) {
					t.Errorf("events %v", events)
				}
				return
			}
			if err != nil || !c.ok(&u) {
				t.Fatalf("%+v, %v", u, err)
			}
			if link.Kind != store.KindIdentity || link.Owner != u.ID || !slices.Equal(events, []string{"ok"}) {
				t.Errorf("%+v, events %v", link, events)
			}
			again, same, err := a.ForIdentity(t.Context(), ask(identity(c.change), c.options))
			if err != nil || again.ID != u.ID || same.Version != link.Version || w.count() != 2 {
				t.Errorf("the second time: %+v, %+v, %v", again, same, err)
			}
		})
	}
}

func TestIdentityIsIssuerAndSubject(t *testing.T) {
	w, a := outside(t, accounts.SignUpRules{Open: true})
	u, _, err := a.ForIdentity(t.Context(), ask(identity(nil), method.ProviderOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	// The provider gives the address to another user, and ann a new one: each keeps their account.
	moved := identity(func(id *method.Identity) { id.Email = "lee@example.com" })
	if got, _, err := a.ForIdentity(t.Context(),
		ask(moved, method.ProviderOptions{})); err != nil || got.ID != u.ID || got.Email != "ann@example.com" {
		t.Errorf("%+v, %v", got, err)
	}
	for name, change := range map[string]func(*method.Identity){
		"another subject with her address": func(id *method.Identity) { id.Subject = "2" },
		"another provider that knows her":  func(id *method.Identity) { id.Issuer = "https://other.example" },
		"the same letters, cut elsewhere": func(id *method.Identity) {
			id.Issuer, id.Subject = "https://id.exampl",
				"e1"
		},
	} {
		if _, _, err := a.ForIdentity(t.Context(),
			ask(identity(change), method.ProviderOptions{})); codeOf(err) != "link_required" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*method.Identity){
		"no issuer":             func(id *method.Identity) { id.Issuer = "" },
		"no subject":            func(id *method.Identity) { id.Subject = "" },
		"a subject without end": func(id *method.Identity) { id.Subject = strings.Repeat("x", accounts.MaxOutside+1) },
	} {
		if _, _, err := a.ForIdentity(t.Context(),
			ask(identity(change), method.ProviderOptions{})); err == nil || !problem.IsFault(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w.count() != 1 {
		t.Errorf("%d accounts", w.count())
	}
}

func TestIdentityLinkedByItsOwner(t *testing.T) {
	w, a := outside(t, accounts.SignUpRules{})
	ann, ben := w.user("ann"), w.user("ben")
	link := func(owner store.User, id method.Identity) (store.User, error) {
		r := ask(id, method.ProviderOptions{})
		r.Owner = &owner
		u, _, err := a.ForIdentity(t.Context(), r)
		return u, err
	}
	if u, err := link(ann, identity(nil)); err != nil || u.ID != ann.ID {
		t.Fatalf("%+v, %v", u, err)
	}
	if u, err := link(ann, identity(nil)); err != nil || u.ID != ann.ID {
		t.Errorf("once more: %+v, %v", u, err)
	}
	if _, err := link(ben, identity(nil)); codeOf(err) != "identity_linked" {
		t.Errorf("by another: %v", err)
	}
	second := identity(func(id *method.Identity) { id.Issuer = "https://other.example" })
	if u, err := link(ann, second); err != nil || u.ID != ann.ID {
		t.Errorf("a second identity: %+v, %v", u, err)
	}
	if got := w.reasons(audit.EventProfileChange); !slices.Equal(got,
		[]string{"ok identity", "refused identity_linked", "ok identity"}) {
		t.Errorf("events %v", got)
	}
	for _, id := range []method.Identity{identity(nil), second} {
		if u, _, err := a.ForIdentity(t.Context(), ask(id, method.ProviderOptions{})); err != nil || u.ID != ann.ID {
			t.Errorf("signing in: %+v, %v", u, err)
		}
	}
	if err := a.Delete(t.Context(), cli, ann.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := link(ann, identity(nil)); codeOf(err) != "not_found" {
		t.Errorf("to an account that is gone: %v", err)
	}
	if u, err := link(ben, identity(nil)); err != nil || u.ID != ben.ID {
		t.Errorf("when it is free again: %+v, %v", u, err)
	}
}

func TestRolesThatIdentitiesGive(t *testing.T) {
	w, a := outside(t, accounts.SignUpRules{})
	ann := w.user("ann")
	if _, err := a.Set(t.Context(), cli, ann.ID, accounts.UserChange{Roles: &[]string{"a", "b"}}); err != nil {
		t.Fatal(err)
	}
	prove := func(issuer string, groups ...string) {
		t.Helper()
		r := ask(identity(func(id *method.Identity) { id.Issuer, id.Groups = issuer, groups }),
			method.ProviderOptions{})
		r.Owner = &ann
		if _, _, err := a.ForIdentity(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	holds := func(want ...string) {
		t.Helper()
		u := w.account("ann")
		if !slices.Equal(u.InForce(), want) || !slices.Equal(u.Identity().Roles, want) || !slices.Equal(u.Roles,
			[]string{"a", "b"}) {
			t.Errorf("assigned %v, given %v; want in force %v", u.Roles, u.GivenRoles, want)
		}
	}
	prove("x", "g:b", "g:c", "other", "g:c")
	holds("a", "b", "c")
	prove("y", "g:c", "g:d")
	holds("a", "b", "c", "d")
	prove("x") // removes only what this link alone granted
	holds("a", "b", "c", "d")
	prove("y", "g:b")
	holds("a", "b")
	prove("x", "g:e")
	holds("a", "b", "e")
	if err := a.ClearFactors(t.Context(), cli, ann.ID); err != nil {
		t.Fatal(err)
	}
	holds("a", "b", "e")
	// The roles go with the links that granted them.
	u, err := a.Set(t.Context(), cli, ann.ID, accounts.UserChange{Confirmed: new(false)})
	if err == nil {
		_, err = a.ProveMailbox(t.Context(), u)
	}
	if err != nil {
		t.Fatal(err)
	}
	holds("a", "b")
}

func TestWhatIsKeptOfAnIdentity(t *testing.T) {
	w, a := outside(t, accounts.SignUpRules{Open: true})
	id := identity(func(id *method.Identity) {
		id.Refresh, id.Groups, id.Attributes = []byte("refresh me"), []string{"b", "a"}, map[string]any{"team": "blue",
			"odd": map[string]any{}, "long": strings.Repeat("x", accounts.MaxAttributeValue+1), "sites": []string{"a"}}
	})
	_, link, err := a.ForIdentity(t.Context(), ask(id, method.ProviderOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	stored, err := w.users.Credential(t.Context(), store.KindIdentity, link.ID)
	if err != nil || stored.Version != link.Version || stored.Label != "Ann@example.com" ||
		bytes.Contains(stored.Data, []byte("refresh me")) {
		t.Errorf("%+v, %v", stored, err)
	}
	kept := readLinked(t, stored.Data)
	if plain, err := w.cfg.Keys.Open(accounts.SealRefresh, kept.Refresh,
		[]byte(link.ID)); err != nil || string(plain) != "refresh me" {
		t.Errorf("%q, %v", plain, err)
	}
	if _, err := w.cfg.Keys.Open(accounts.SealRefresh, kept.Refresh, []byte("another")); err == nil {
		t.Error("the refresh token opens for another identity")
	}
	if !slices.Equal(kept.Groups, []string{"a", "b"}) || len(kept.Attributes) != 2 ||
		kept.Attributes["team"] != "blue" || kept.Method != "corp" || !kept.Seen.Equal(w.clock()) {
		t.Errorf("%+v", kept)
	}
	id.Refresh = nil // some sources send it only once
	w.pass(accounts.SeenRenew)
	_, later, err := a.ForIdentity(t.Context(), ask(id, method.ProviderOptions{}))
	if err != nil || later.Version != link.Version+1 || readLinked(t,
		later.Data).Refresh != kept.Refresh || !readLinked(t, later.Data).Seen.Equal(w.clock()) {
		t.Errorf("%+v, %v", later, err)
	}
}
