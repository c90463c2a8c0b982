package password

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal"
	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/method/methodtest"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql/sqltest"
)

func open(t *testing.T, s Settings, users store.UserStore) *Method {
	t.Helper()
	m, err := Module{Settings: s}.Open(method.Env{Name: "password", Users: users, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return m.(*Method)
}

func TestConformance(t *testing.T) {
	const right = "correct horse battery staple"
	methodtest.Run(t, methodtest.Suite{
		Users: func(t *testing.T) store.UserStore { return sqltest.Open(t, time.Now) },
		Open:  func(t *testing.T, users store.UserStore) method.Method { return open(t, cheap, users) },
		Enrol: func(t *testing.T, users store.UserStore, u store.User) {
			c, err := open(t, cheap, users).MakePassword(t.Context(), &u, right)
			if err == nil {
				err = users.PutCredential(t.Context(), c)
			}
			if err != nil {
				t.Fatal(err)
			}
		},
		Right: map[string]string{"password": right},
		Wrong: []map[string]string{{"password": "Correct horse battery staple"}, {"password": right + " "},
			{"password": right[:8]}, {"login": right}},
		Repeats: true,
		Work:    func(m method.Method) int64 { return m.(*Method).hasher.pool.ran.Load() },
	})
}

// member stores an account with a password hashed under s.
func member(t *testing.T, users store.UserStore, s Settings, typed string) store.User {
	t.Helper()
	u := store.User{ID: strings.Repeat("a", 26), Username: "ann", Email: "ann@example.com", Enabled: true,
		Approved: true, Created: time.Now()}
	c, err := open(t, s, users).MakePassword(t.Context(), &u, typed)
	if err == nil {
		err = users.CreateUser(t.Context(), u, c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func stored(t *testing.T, users store.UserStore, u store.User) store.Credential {
	t.Helper()
	c, err := users.Credential(t.Context(), store.KindPassword, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func try(t *testing.T, m *Method, u *store.User, typed string) method.Step {
	t.Helper()
	s, err := m.Continue(t.Context(), &method.Attempt{User: u, Field: func(string) string { return typed }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var stronger = Settings{Hash: Hash{Algorithm: Argon2id, Memory: 7 << 10, Time: 6}}

func TestAHashIsMadeAnewOnceSettingsHaveChanged(t *testing.T) {
	users := sqltest.Open(t, time.Now)
	u := member(t, users, cheap, "correct horse")
	old := stored(t, users, u)
	m := open(t, stronger, users)
	try(t, m, &u, "wrong horse")
	if got := stored(t, users, u); got.Version != old.Version {
		t.Error("a wrong password changed the hash")
	}
	proven, ok := try(t, m, &u, "correct horse").(method.Proven)
	got := stored(t, users, u)
	if !ok || got.Version != old.Version+1 || !strings.Contains(string(got.Data), ",t=6,") ||
		proven.Version != got.Version {
		t.Errorf("%+v, stored %s at version %d", proven, got.Data, got.Version)
	}
	if _, ok := try(t, m, &u, "correct horse").(method.Proven); !ok || stored(t, users, u).Version != got.Version {
		t.Error("made anew twice")
	}
	// Back to bcrypt, as an operator may decide.
	if testing.Short() {
		return
	}
	b := open(t, Settings{Hash: Hash{Cost: 10}}, users)
	if _, ok := try(t, b, &u, "correct horse").(method.Proven); !ok ||
		!bytes.HasPrefix(stored(t, users, u).Data, []byte(bcryptPrefix)) {
		t.Errorf("stored %s", stored(t, users, u).Data)
	}
}

// racing changes the password just before the renewed hash of the old one is swapped in.
type racing struct {
	store.UserStore
	change func()
}

func (r *racing) SwapCredential(ctx context.Context, c store.Credential) error {
	r.change()
	return r.UserStore.SwapCredential(ctx, c)
}

func TestAPasswordChangedDuringARehashStands(t *testing.T) {
	users := sqltest.Open(t, time.Now)
	u := member(t, users, cheap, "correct horse")
	r := &racing{UserStore: users}
	m := open(t, stronger, r)
	r.change = func() {
		c, err := m.MakePassword(t.Context(), &u, "the new password")
		if err == nil {
			err = users.PutCredential(t.Context(), c)
		}
		if err != nil {
			t.Error(err)
		}
	}
	proven, ok := try(t, m, &u, "correct horse").(method.Proven)
	if !ok || proven.Version == stored(t, users, u).Version {
		t.Errorf("%+v: the dispatcher cannot see that the password has changed", proven)
	}
	if right, _ := m.CheckPassword(t.Context(), &u, "the new password"); !right {
		t.Error("the rehash brought the old password back")
	}
}

func TestASignInDoesNotWaitForARehashThatFails(t *testing.T) {
	users := sqltest.Open(t, time.Now)
	u := member(t, users, cheap, "correct horse")
	var log bytes.Buffer
	m := open(t, stronger, &racing{UserStore: failingSwap{users}, change: func() {}})
	m.env.Log = slog.New(slog.NewTextHandler(&log, nil))
	if _, ok := try(t, m, &u, "correct horse").(method.Proven); !ok {
		t.Error("refused")
	}
	if !strings.Contains(log.String(), "could not be renewed") || strings.Contains(log.String(), "horse") {
		t.Errorf("logged %q", log.String())
	}
}

type failingSwap struct{ store.UserStore }

func (failingSwap) SwapCredential(context.Context, store.Credential) error {
	return store.ErrUnavailable
}

func TestAHashOfSomeoneElseOpensNothing(t *testing.T) {
	users := sqltest.Open(t, time.Now)
	u := member(t, users, cheap, "correct horse")
	m := open(t, cheap, foreignOwner{users})
	if s, ok := try(t, m, &u, "correct horse").(method.Refused); !ok {
		t.Errorf("%+v", s)
	}
}

type foreignOwner struct{ store.UserStore }

func (f foreignOwner) Credential(ctx context.Context, kind, id string) (store.Credential, error) {
	c, err := f.UserStore.Credential(ctx, kind, id)
	c.Owner = "someone else"
	return c, err
}

func TestABrokenHashIsOurFaultAndNoRefusal(t *testing.T) {
	users := sqltest.Open(t, time.Now)
	u := member(t, users, cheap, "correct horse")
	c := stored(t, users, u)
	c.Data = []byte("$argon2id$v=19$m=4194304,t=9999,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
	if err := users.PutCredential(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, cheap, users).CheckPassword(t.Context(), &u, "correct horse"); !errors.Is(err, errTooCostly) {
		t.Errorf("%v", err)
	}
}

func TestTheBusyPoolShowsItself(t *testing.T) {
	users := sqltest.Open(t, time.Now)
	u := member(t, users, cheap, "correct horse")
	m := open(t, cheap, users)
	for range cap(m.hasher.pool.slots) {
		m.hasher.pool.slots <- struct{}{}
	}
	for range cap(m.hasher.pool.inside) {
		m.hasher.pool.inside <- struct{}{}
	}
	if running, waiting := m.Hashing(); running != defaultSlots() || waiting != queueLength {
		t.Errorf("%d hash, %d wait", running, waiting)
	}
	_, err := m.Continue(t.Context(), &method.Attempt{User: &u, Field: func(string) string { return "correct horse" }})
	if !errors.Is(err, method.ErrBusy) {
		t.Errorf("%v", err)
	}
}

// The whole way with real hashes: signing up, in from another device, and a change of the password.
func TestTheSamePasswordOpensFromEveryDevice(t *testing.T) {
	users := sqltest.Open(t, time.Now)
	keys, err := keyring.New(nil, "a root secret of the tests, long enough")
	if err != nil {
		t.Fatal(err)
	}
	set, err := pages.New(pages.Brand{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := authportal.New(authportal.Config{Users: users, Sessions: users.EmbeddedSessions(), Keys: keys, Pages: set,
		Methods:  []method.Configured{{Name: "password", Method: open(t, cheap, users)}},
		Settings: settings.Settings{Signup: settings.SignupSettings{Mode: settings.SignupOpen}}})
	if err != nil {
		t.Fatal(err)
	}
	call := func(path, body, cookie string) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, "https://app.example.com/.gatehouse/api/v1/"+path,
			strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		p.Web.Serve(w, r, &web.Visit{Site: &web.Site{Base: "/.gatehouse", Hosted: true},
			Addr: netip.MustParseAddr("192.0.2.1"), Secure: true,
			Host: "app.example.com", Origin: "https://app.example.com", Base: "/.gatehouse", Path: "/api/v1/" + path})
		return w
	}
	long := strings.Repeat("x", 1000)
	w := call("signup", `{"email":"ann@example.com","password":"Ame\u0301lie `+long+`1"}`, "")
	if w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	cookie, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
	for body, want := range map[string]int{
		`{"login":"ANN@example.com","password":"Am\u00e9lie\u00a0` + long + `1"}`: http.StatusOK,
		`{"login":"ann@example.com","password":"Am\u00e9lie ` + long + `2"}`:      http.StatusUnauthorized,
		`{"login":"ann@example.com","password":"Am\u00e9lie ` + long + `"}`:       http.StatusUnauthorized,
		`{"login":"bob@example.com","password":"Am\u00e9lie ` + long + `1"}`:      http.StatusUnauthorized,
	} {
		if w := call("login", body, ""); w.Code != want {
			t.Errorf("%d %s for %.60s", w.Code, w.Body, body)
		}
	}
	for next, want := range map[string]string{"1234567": "too_short", strings.Repeat("x", 1025): "too_long",
		`abcdefgh\ud800`: "not_text"} {
		if w := call("password/change", `{"current":"Am\u00e9lie `+long+`1","password":"`+next+`"}`,
			cookie); w.Code != 422 || !strings.Contains(w.Body.String(), `"reason":"`+want+`"`) {
			t.Errorf("%d %s, want %s", w.Code, w.Body, want)
		}
	}
	if w := call("password/change", `{"current":"Am\u00e9lie `+long+`1","password":"correct horse"}`,
		cookie); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := call("login", `{"login":"ann@example.com","password":"correct horse"}`, ""); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
