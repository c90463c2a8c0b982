package authportal

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

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
