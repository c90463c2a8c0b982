package authportal

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql/sqltest"
)

// world is some sites of one gateway over real HTTP, with a real store, and browsers to visit them. Every host is
// reached through one listener; the browser's transport says over which scheme it believes to speak, as a TLS connection would.
type world struct {
	t      *testing.T
	p      *Portal
	users  store.UserStore
	shop   *flaky // what the portal sees of the session store
	keys   *keyring.Keys
	server *httptest.Server
	sites  map[string]*web.Site // by host name
	logs   *syncBuffer
	pw     *plainPassword
	cfg    Config // of p, for a reload

	mu     sync.Mutex
	now    time.Time
	events []audit.Event
}

type worldOption func(*Config)

func newWorld(t *testing.T, opts ...worldOption) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), logs: &syncBuffer{}}
	db := sqltest.Open(t, w.clock)
	w.users, w.shop = &flakyUsers{UserStore: db}, &flaky{SessionStore: db.EmbeddedSessions()}
	var err error
	if w.keys, err = keyring.New(nil, "a root secret of the tests, long enough"); err != nil {
		t.Fatal(err)
	}
	w.pw = &plainPassword{users: w.users}
	cfg := Config{Users: w.users, Sessions: w.shop, Keys: w.keys, Methods: []method.Configured{{Name: "password", Method: w.pw}},
		Now: w.clock, Pages: rawPages{}, SessionWait: time.Minute, // a busy machine is no outage
		Log:      slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Settings: settings.Settings{Signup: settings.SignupSettings{Mode: settings.SignupOpen}},
		Notify: func(_ context.Context, e audit.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
		},
		ExpandRoles: func(held []string) []string {
			if slices.Contains(held, "admin") {
				held = append(slices.Clone(held), "editor")
			}
			slices.Sort(held)
			return slices.Compact(held)
		},
	}
	for _, o := range opts {
		o(&cfg)
	}
	w.cfg = cfg
	w.reload()
	portal := "https://auth.example.com"
	w.sites = map[string]*web.Site{
		"auth.example.com":  {Hosted: true, Portal: true},
		"app.example.com":   {Base: "/.gatehouse", PortalBase: portal, JWT: true},
		"shop.example.net":  {Base: "/.gatehouse", PortalBase: portal},
		"alone.example.org": {Base: "/.gatehouse", Hosted: true, JWT: true, Origins: []string{"https://spa.example.org"}},
		"plain.example.org": {Base: "/.gatehouse", Hosted: true},
		"localhost":         {Base: "/.gatehouse", Hosted: true},
		"both.example.com":  {Base: "/.gatehouse", PortalBase: "https://both.example.com/auth"},
	}
	w.server = httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(w.server.Close)
	return w
}

// reload is that of a gateway: another portal over the same stores and keys.
func (w *world) reload() {
	w.t.Helper()
	p, err := New(w.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.p = p
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// pass lets time pass.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) visit(r *http.Request) *web.Visit {
	host, _, _ := strings.Cut(r.Host, ":")
	site := w.sites[host]
	if host == "both.example.com" && strings.HasPrefix(r.URL.Path, "/auth/") {
		site = &web.Site{Base: "/auth", Hosted: true, Portal: true}
	}
	scheme := r.Header.Get("X-Test-Scheme")
	addr := r.Header.Get("X-Test-Addr")
	if addr == "" {
		addr = "192.0.2.1"
	}
	v := &web.Visit{Site: site, Secure: scheme == "https", Host: host, Origin: scheme + "://" + r.Host, Addr: netip.MustParseAddr(addr)}
	if site != nil {
		v.Base = site.Base
	}
	return v
}

// serve is the smallest gate: reserved paths, and an app that greets whoever is let in.
func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	v := w.visit(r)
	if v.Site == nil {
		http.Error(rw, "no such site", http.StatusMisdirectedRequest)
		return
	}
	if path, ok := strings.CutPrefix(r.URL.Path, v.Base); ok && (v.Base == "" || strings.HasPrefix(path, "/")) {
		v.Path = path
		w.described(rw, r, v)
		return
	}
	d := web.Demand{MFA: strings.HasPrefix(r.URL.Path, "/mfa")}
	if strings.HasPrefix(r.URL.Path, "/fresh") {
		d.Fresh = 10 * time.Minute
	}
	l, err := w.p.SignIn.Session(r.Context(), r, v)
	switch {
	case err != nil:
		problem.Write(rw, http.StatusServiceUnavailable, problem.CodeUnavailable, "", "retry_after", time.Second)
	case l == nil || !w.p.SignIn.Meets(&l.Session, d):
		http.Redirect(rw, r, w.p.SignIn.LoginURL(v, r.RequestURI, d), http.StatusFound)
	default:
		_, _ = io.WriteString(rw, "hello "+l.Identity.Username+" at "+v.Host+r.RequestURI)
	}
}

// user makes an account that is called name and whose password is "right".
func (w *world) user(name string) store.User {
	w.t.Helper()
	id, err := accounts.NewID(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	u := store.User{ID: id, Username: name, Email: name + "@example.com", Confirmed: true, Enabled: true, Approved: true,
		Attributes: map[string]any{}, Created: w.clock()}
	err = w.users.CreateUser(w.t.Context(), u, store.Credential{Kind: store.KindPassword, ID: id, Owner: id, Data: []byte("right"), Created: w.clock()})
	if err != nil {
		w.t.Fatal(err)
	}
	u, err = w.users.User(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

func (w *world) eventsOf(kind string) []audit.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.events), func(e audit.Event) bool { return e.Kind != kind })
}
