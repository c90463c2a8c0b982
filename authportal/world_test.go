package authportal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql"
)

// world is some sites of one gateway over real HTTP, with a real store, and browsers to visit them. Every host is
// reached through one listener; the browser's transport says over which scheme it believes to speak, as a TLS connection would.
type world struct {
	t      *testing.T
	p      *Portal
	users  store.UserStore
	shop   *flaky // what the portal sees of the session store
	keys   *Keys
	server *httptest.Server
	sites  map[string]*Site // by host name
	logs   *syncBuffer
	pw     *plainPassword

	mu     sync.Mutex
	now    time.Time
	events []Event
}

type worldOption func(*Config)

func newWorld(t *testing.T, opts ...worldOption) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), logs: &syncBuffer{}}
	db, err := sql.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "gatehouse.db"), store.Env{Now: w.clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w.users, w.shop = &flakyUsers{UserStore: db}, &flaky{SessionStore: db.EmbeddedSessions()}
	if w.keys, err = NewKeys(nil, "a root secret of the tests, long enough"); err != nil {
		t.Fatal(err)
	}
	w.pw = &plainPassword{users: w.users}
	cfg := Config{Users: w.users, Sessions: w.shop, Keys: w.keys, Methods: []Named{{Name: "password", Method: w.pw}},
		Now: w.clock, Pages: rawPages{}, SessionWait: time.Minute, // a busy machine is no outage
		Log:      slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Settings: Settings{Signup: SignupSettings{Mode: SignupOpen}},
		Notify: func(_ context.Context, e Event) {
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
	if w.p, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	portal := "https://auth.example.com"
	w.sites = map[string]*Site{
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

func (w *world) visit(r *http.Request) *Visit {
	host, _, _ := strings.Cut(r.Host, ":")
	site := w.sites[host]
	if host == "both.example.com" && strings.HasPrefix(r.URL.Path, "/auth/") {
		site = &Site{Base: "/auth", Hosted: true, Portal: true}
	}
	scheme := r.Header.Get("X-Test-Scheme")
	addr := r.Header.Get("X-Test-Addr")
	if addr == "" {
		addr = "192.0.2.1"
	}
	v := &Visit{Site: site, Secure: scheme == "https", Host: host, Origin: scheme + "://" + r.Host, Addr: netip.MustParseAddr(addr)}
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
		w.p.Serve(rw, r, v)
		return
	}
	d := Demand{MFA: strings.HasPrefix(r.URL.Path, "/mfa")}
	if strings.HasPrefix(r.URL.Path, "/fresh") {
		d.Fresh = 10 * time.Minute
	}
	l, err := w.p.Session(r.Context(), r, v)
	switch {
	case err != nil:
		WriteProblem(rw, http.StatusServiceUnavailable, codeUnavailable, "", "retry_after", time.Second)
	case l == nil || !w.p.Meets(&l.Session, d):
		http.Redirect(rw, r, w.p.LoginURL(v, r.RequestURI, d), http.StatusFound)
	default:
		_, _ = io.WriteString(rw, "hello "+l.Identity.Username+" at "+v.Host+r.RequestURI)
	}
}

// user makes an account that is called name and whose password is "right".
func (w *world) user(name string) store.User {
	w.t.Helper()
	id, err := w.p.newID()
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

func (w *world) eventsOf(kind string) []Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.events), func(e Event) bool { return e.Kind != kind })
}

// browser keeps cookies, follows redirects, and sends what browsers send.
type browser struct {
	w      *world
	jar    *cookiejar.Jar
	client *http.Client
	addr   string
	trail  []string // every address of the last visit, redirects included
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	b := &browser{w: w, jar: jar}
	b.client = &http.Client{Jar: jar, Transport: b, CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		if len(via) > 12 {
			return errors.New("redirects without end")
		}
		return nil
	}}
	return b
}

// RoundTrip sends a request for any host to the one server.
func (b *browser) RoundTrip(r *http.Request) (*http.Response, error) {
	b.trail = append(b.trail, r.URL.String())
	out := r.Clone(r.Context())
	out.Host = r.URL.Host
	out.Header.Set("X-Test-Scheme", r.URL.Scheme)
	if b.addr != "" {
		out.Header.Set("X-Test-Addr", b.addr)
	}
	out.URL.Scheme, out.URL.Host = "http", strings.TrimPrefix(b.w.server.URL, "http://")
	resp, err := http.DefaultTransport.RoundTrip(out)
	if resp != nil {
		resp.Request = r
	}
	return resp, err
}

// page is an answer as the person sees it.
type page struct {
	*http.Response
	url  *url.URL
	body string
}

func (b *browser) do(r *http.Request) page {
	b.w.t.Helper()
	b.trail = nil
	resp, err := b.client.Do(r)
	if err != nil {
		b.w.t.Fatalf("%s %s: %v (trail %q)", r.Method, r.URL, err, b.trail)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	return page{resp, resp.Request.URL, string(body)}
}

func (b *browser) get(address string) page {
	b.w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		b.w.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	return b.do(r)
}

// once gets without following redirects.
func (b *browser) once(address string) page {
	b.w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		b.w.t.Fatal(err)
	}
	return b.onceDo(r)
}

func (b *browser) onceDo(r *http.Request) page {
	b.w.t.Helper()
	old := b.client.CheckRedirect
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer func() { b.client.CheckRedirect = old }()
	return b.do(r)
}

// form makes the request of a form on a page of the same origin.
func (b *browser) form(address string, fields url.Values) *http.Request {
	b.w.t.Helper()
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(fields.Encode()))
	if err != nil {
		b.w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

func (b *browser) post(address string, fields url.Values) page {
	b.w.t.Helper()
	return b.do(b.form(address, fields))
}

// api makes a call of the JSON API.
func (b *browser) api(method, address, body string) page {
	b.w.t.Helper()
	return b.onceDo(b.apiRequest(method, address, body))
}

func (b *browser) apiRequest(method, address, body string) *http.Request {
	b.w.t.Helper()
	r, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		b.w.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

// signIn fills the login page that the browser was led to.
func (b *browser) signIn(at page, login, password string, more ...string) page {
	b.w.t.Helper()
	f := url.Values{"login": {login}, "password": {password}}
	q := at.url.Query()
	for _, n := range []string{"to", "flow"} {
		if q.Get(n) != "" {
			f.Set(n, q.Get(n))
		}
	}
	for i := 0; i+1 < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	u := *at.url
	u.RawQuery = ""
	return b.post(u.String(), f)
}

// cookie returns the value of a cookie at the address.
func (b *browser) cookie(address, name string) string {
	u, err := url.Parse(address)
	if err != nil {
		b.w.t.Fatal(err)
	}
	for _, c := range b.jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (b *browser) setCookie(address, name, value string) {
	u, err := url.Parse(address)
	if err != nil {
		b.w.t.Fatal(err)
	}
	b.jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: u.Scheme == "https"}})
}

func (p page) wants(t *testing.T, status int, part string) {
	t.Helper()
	if p.StatusCode != status || !strings.Contains(p.body, part) {
		t.Errorf("%s: got %d %q, want %d with %q", p.url, p.StatusCode, p.body, status, part)
	}
}

// code returns the stable code of a problem.
func (p page) code() string {
	m := regexp.MustCompile(`"code":"([a-z_]+)"`).FindStringSubmatch(p.body)
	if m == nil || p.Header.Get("Content-Type") != "application/problem+json" {
		return ""
	}
	return m[1]
}

// rawPages writes what a page is made of, so that tests read facts and not somebody's sentences.
type rawPages struct{}

func (rawPages) Write(w http.ResponseWriter, _ *http.Request, status int, p pages.Page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(p); err != nil {
		panic(err)
	}
}

func (rawPages) Assets() http.Handler { return http.NotFoundHandler() }

// plainPassword is a method that compares as it reads. It counts what it spends.
type plainPassword struct {
	users store.UserStore
	spent atomic.Int64
	hook  func() // runs between the check and its answer
	err   error
}

func (*plainPassword) Kind() string { return "password" }
func (*plainPassword) AsksLogin()   {}

func (m *plainPassword) Begin(context.Context, *Attempt) (Step, error) { return Show{}, nil }

func (m *plainPassword) Continue(ctx context.Context, a *Attempt) (Step, error) {
	m.spent.Add(1)
	if m.err != nil {
		return nil, m.err
	}
	if a.User == nil {
		return Refused{Reason: "unknown account"}, nil
	}
	c, err := m.users.Credential(ctx, store.KindPassword, a.User.ID)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(c.Data, []byte(a.Field("password"))) {
		return Refused{Reason: "wrong password"}, nil
	}
	if m.hook != nil {
		m.hook()
	}
	return Proven{User: *a.User, Kind: c.Kind, ID: c.ID, Version: c.Version}, nil
}

// flaky is a session store that can be away.
type flaky struct {
	store.SessionStore
	down      atomic.Bool
	countDown atomic.Bool
	hangs     atomic.Bool // look-ups of sessions
	created   func()      // runs just before a session is stored
}

func (f *flaky) err() error {
	if f.down.Load() {
		return store.ErrUnavailable
	}
	return nil
}

func (f *flaky) Session(ctx context.Context, k store.Key) (store.Live, error) {
	if err := f.err(); err != nil {
		return store.Live{}, err
	}
	if f.hangs.Load() {
		<-ctx.Done()
		return store.Live{}, ctx.Err()
	}
	return f.SessionStore.Session(ctx, k)
}

func (f *flaky) CreateSession(ctx context.Context, l *store.Live) error {
	if err := f.err(); err != nil {
		return err
	}
	if f.created != nil {
		f.created()
	}
	return f.SessionStore.CreateSession(ctx, l)
}

func (f *flaky) TakeTicket(ctx context.Context, purpose string, k store.Key) ([]byte, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	return f.SessionStore.TakeTicket(ctx, purpose, k)
}

func (f *flaky) EndSession(ctx context.Context, user, id string) error {
	if err := f.err(); err != nil {
		return err
	}
	return f.SessionStore.EndSession(ctx, user, id)
}

func (f *flaky) Count(ctx context.Context, name string, limit int, window time.Duration) (bool, time.Duration, error) {
	if f.down.Load() || f.countDown.Load() {
		return false, 0, store.ErrUnavailable
	}
	return f.SessionStore.Count(ctx, name, limit, window)
}

// flakyUsers is a users store that can be away.
type flakyUsers struct {
	store.UserStore
	down atomic.Bool
}

func (f *flakyUsers) FindUser(ctx context.Context, login string) (store.User, error) {
	if f.down.Load() {
		return store.User{}, store.ErrUnavailable
	}
	return f.UserStore.FindUser(ctx, login)
}

func (f *flakyUsers) User(ctx context.Context, id string) (store.User, error) {
	if f.down.Load() {
		return store.User{}, store.ErrUnavailable
	}
	return f.UserStore.User(ctx, id)
}

// syncBuffer takes logs of many goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// forgetful loses the cookies of one host.
type forgetful struct {
	http.CookieJar
	host string
}

func (f forgetful) Cookies(u *url.URL) []*http.Cookie {
	if u.Hostname() == f.host {
		return nil
	}
	return f.CookieJar.Cookies(u)
}
