package authportal

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/store"
)

// keeper is plainPassword that can also make passwords: of at least 8 characters, stored in plain text.
type keeper struct {
	*plainPassword
	checked func() // runs after each check
}

func (k *keeper) Continue(ctx context.Context, a *method.Attempt) (method.Step, error) {
	s, err := k.plainPassword.Continue(ctx, a)
	if errors.Is(err, store.ErrNotFound) {
		return method.Refused{Reason: "no password"}, nil
	}
	return s, err
}

func (k *keeper) MinLength() int { return 8 }

func (k *keeper) MakePassword(_ context.Context, u *store.User, password string) (store.Credential, error) {
	if k.err != nil {
		return store.Credential{}, k.err
	}
	if utf8.RuneCountInString(password) < 8 {
		return store.Credential{}, &method.UnacceptableError{Reason: "too_short"}
	}
	k.spent.Add(1)
	return store.Credential{Kind: store.KindPassword, ID: u.ID, Owner: u.ID, Data: []byte(password)}, nil
}

func (k *keeper) CheckPassword(ctx context.Context, u *store.User, password string) (bool, error) {
	s, err := k.Continue(ctx, &method.Attempt{User: u, Field: func(string) string { return password }})
	_, right := s.(method.Proven)
	if k.checked != nil {
		k.checked()
	}
	return right, err
}

// newAccounts returns a world with passwords and open sign-up.
func newAccounts(t *testing.T, opts ...worldOption) (*world, *keeper) {
	k := &keeper{}
	w := newWorld(t, append([]worldOption{func(c *Config) {
		k.plainPassword = &plainPassword{users: c.Users}
		c.Methods = []method.Configured{{Name: "password", Method: k}}
	}}, opts...)...)
	return w, k
}

func withSignup(s settings.SignupSettings) worldOption {
	return func(c *Config) { c.Settings.Signup = s }
}

const (
	alone    = "https://alone.example.org/.gatehouse"
	aloneAPI = alone + "/api/v1/"
)

// member returns a browser that is signed in at alone.example.org; the password is "right".
func (w *world) member(name string) (*browser, store.User) {
	w.t.Helper()
	u := w.user(name)
	b := w.browser()
	b.enter(name, "right")
	return b, u
}

func (b *browser) enter(login, password string) {
	b.w.t.Helper()
	b.api("POST", aloneAPI+"login", jsonOf(map[string]any{"login": login, "password": password})).wants(b.w.t, 200,
		"signed_in")
}

func jsonOf(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func (p page) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(p.body), &v); err != nil {
		t.Fatalf("%s: %v in %q", p.url, err, p.body)
	}
	return v
}

// signedInAs returns the username of the session at alone.example.org; empty: there is none.
func (b *browser) signedInAs() string {
	b.w.t.Helper()
	p := b.api("GET", aloneAPI+"session", "")
	if p.StatusCode != http.StatusOK {
		return ""
	}
	name, _ := p.json(b.w.t)["user"].(map[string]any)["username"].(string)
	return name
}

func (w *world) account(login string) store.User {
	w.t.Helper()
	u, err := w.users.FindUser(w.t.Context(), login)
	if err != nil {
		w.t.Fatalf("%s: %v", login, err)
	}
	return u
}

func (w *world) count() int {
	w.t.Helper()
	list, err := w.users.ListUsers(w.t.Context(), store.UserQuery{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list)
}

// reasons lists "kind result reason" of every event of that kind.
func (w *world) reasons(kind string) (list []string) {
	for _, e := range w.eventsOf(kind) {
		list = append(list, strings.TrimSpace(e.Result+" "+e.Reason))
	}
	return list
}

func wantEvents(t *testing.T, w *world, kind string, want ...string) {
	t.Helper()
	if got := w.reasons(kind); !slices.Equal(got, want) {
		t.Errorf("%s events: %q, want %q", kind, got, want)
	}
}

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// patient makes a call of the API, and retries while the session store is busy: on a busy machine, many tabs at once
// exceed the time limit of the gateway.
func (b *browser) patient(method, address, body string) page {
	b.w.t.Helper()
	for {
		if p := b.api(method, address, body); p.code() != problem.CodeUnavailable || b.w.t.Context().Err() != nil {
			return p
		}
	}
}
