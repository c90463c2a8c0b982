package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// Person is a browser without a screen: it keeps cookies, knows no name server, and does not follow redirects by itself.
type Person struct {
	t      testing.TB
	Client *http.Client
}

// NewPerson returns one with no cookies. Certificates of test sites are their own, so none is checked.
func NewPerson(t testing.TB) *Person { return NewPersonOver(t, "") }

// Protocols are the versions of HTTP that a person can be held to.
var Protocols = []string{"HTTP/1.1", "HTTP/2.0", "HTTP/3.0"}

// NewPersonOver returns one who speaks that version only, to sites with certificates; empty: what is agreed upon.
func NewPersonOver(t testing.TB, protocol string) *Person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Person{t: t, Client: &http.Client{Jar: jar, Transport: transport(t, protocol), Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func transport(t testing.TB, protocol string) http.RoundTripper {
	insecure := &tls.Config{InsecureSkipVerify: true}
	if protocol == "HTTP/3.0" {
		h3 := &http3.Transport{TLSClientConfig: insecure, Dial: func(ctx context.Context, address string, c *tls.Config, q *quic.Config) (*quic.Conn, error) {
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return quic.DialAddrEarly(ctx, "127.0.0.1:"+port, c, q)
		}}
		t.Cleanup(func() { _ = h3.Close() })
		return h3
	}
	transport := &http.Transport{DialContext: dialLoopback, TLSClientConfig: insecure, MaxIdleConnsPerHost: 32, ForceAttemptHTTP2: true, Protocols: &http.Protocols{}}
	transport.Protocols.SetHTTP1(protocol != "HTTP/2.0")
	transport.Protocols.SetHTTP2(protocol != "HTTP/1.1")
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// Answer is what came back, read whole.
type Answer struct {
	Status   int
	Protocol string
	Header   http.Header
	Body     string
}

// JSON reads the body into v.
func (a Answer) JSON(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.Body), v); err != nil {
		t.Fatalf("%d %q: %v", a.Status, a.Body, err)
	}
}

// Code returns the code of a problem document.
func (a Answer) Code() string {
	var problem struct{ Code string }
	_ = json.Unmarshal([]byte(a.Body), &problem)
	return problem.Code
}

// Try sends a request and returns the answer, or why there was none.
func (p *Person) Try(ctx context.Context, method, address string, body any, header ...string) (Answer, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return Answer{}, err
		}
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return Answer{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return p.send(request, header)
}

func (p *Person) send(request *http.Request, header []string) (Answer, error) {
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer, err := p.Client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return Answer{Status: answer.StatusCode, Protocol: answer.Proto, Header: answer.Header, Body: string(text)}, err
}

// Do is Try for requests that must be answered.
func (p *Person) Do(method, address string, body any, header ...string) Answer {
	p.t.Helper()
	answer, err := p.Try(p.t.Context(), method, address, body, header...)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, address, err)
	}
	return answer
}

// DoPatiently is Do of somebody who comes again while the gateway or its store is busy, as the answer says they should: how
// many requests of a crowd are served in the time that each has is a matter of the machine.
func (p *Person) DoPatiently(method, address string, body any, header ...string) (answer Answer) {
	p.t.Helper()
	Eventually(p.t, address+" is not busy", func() bool {
		answer = p.Do(method, address, body, header...)
		return answer.Status != http.StatusServiceUnavailable
	})
	return answer
}

// Get is Do with GET, as a program.
func (p *Person) Get(address string, header ...string) Answer {
	p.t.Helper()
	return p.Do(http.MethodGet, address, nil, header...)
}

// SignUp makes an account by the API of a gate and fails the test if that does not sign in.
func (p *Person) SignUp(site, email string) {
	p.t.Helper()
	p.SignUpAt(site+"/.gatehouse", email)
}

// SignUpAt is SignUp at a portal, by its base.
func (p *Person) SignUpAt(base, email string) {
	p.t.Helper()
	p.mustBeSignedIn(p.Do(http.MethodPost, base+"/api/v1/signup", map[string]any{"email": email, "password": Password}), http.StatusCreated)
}

// SignIn signs in by the API of a gate.
func (p *Person) SignIn(site, login string) {
	p.t.Helper()
	p.mustBeSignedIn(p.TryPassword(site, login, Password), http.StatusOK)
}

// TryPassword guesses by the API of a gate.
func (p *Person) TryPassword(site, login, password string, header ...string) Answer {
	p.t.Helper()
	return p.DoPatiently(http.MethodPost, site+"/.gatehouse/api/v1/login", map[string]any{"login": login, "password": password}, header...)
}

// SignOut signs out by the API of a gate.
func (p *Person) SignOut(site string) {
	p.t.Helper()
	if got := p.Do(http.MethodPost, site+"/.gatehouse/api/v1/logout", map[string]any{}); got.Status != http.StatusNoContent {
		p.t.Fatalf("signing out: %d %s", got.Status, got.Body)
	}
}

// Password is everybody's in tests.
const Password = "correct horse battery staple"

func (p *Person) mustBeSignedIn(answer Answer, status int) {
	p.t.Helper()
	var got struct{ Status string }
	answer.JSON(p.t, &got)
	if answer.Status != status || got.Status != "signed_in" {
		p.t.Fatalf("not signed in: %d %s", answer.Status, answer.Body)
	}
}

// Eventually fails the test unless the condition comes true within a time that only a broken build needs.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	if !Comes(condition) {
		t.Fatalf("never: %s", what)
	}
}

// Comes waits for a condition and reports whether it came true.
func Comes(condition func() bool) bool {
	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			return false
		}
		<-tick.C
	}
	return true
}

// Cookie returns the value of a cookie that the person keeps for a site, or fails the test.
func (p *Person) Cookie(site, name string) string {
	p.t.Helper()
	u, err := url.Parse(site)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range p.Client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	p.t.Fatalf("no cookie %s for %s", name, site)
	return ""
}

var hiddenField = regexp.MustCompile(`<input[^>]*type="?hidden"?[^>]*>`)

// Browse opens an address as a browser does, follows where it leads, and tells where it ended: at a page, or before an
// address that begins with one of stops.
func (p *Person) Browse(address string, stops ...string) (Answer, string) {
	p.t.Helper()
	for range 12 {
		got := p.Get(address, "Accept", "text/html")
		next := got.Header.Get("Location")
		if next == "" {
			return got, address
		}
		address = Resolve(p.t, address, next)
		for _, stop := range stops {
			if strings.HasPrefix(address, stop) {
				return got, address
			}
		}
	}
	p.t.Fatalf("%s leads round in circles", address)
	return Answer{}, ""
}

// Resolve returns what a reference on a page means.
func Resolve(t testing.TB, page, reference string) string {
	t.Helper()
	base, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	to, err := base.Parse(reference)
	if err != nil {
		t.Fatal(err)
	}
	return to.String()
}

// SubmitLogin opens a login page and posts its form as a browser without scripts does.
func (p *Person) SubmitLogin(site, page, login string) Answer {
	p.t.Helper()
	address, err := url.Parse(Resolve(p.t, site, page))
	if err != nil {
		p.t.Fatal(err)
	}
	shown := p.Get(address.String(), "Accept", "text/html")
	if shown.Status != http.StatusOK {
		p.t.Fatalf("login page: %d %s", shown.Status, shown.Body)
	}
	form := url.Values{"login": {login}, "password": {Password}}
	for _, input := range hiddenField.FindAllString(shown.Body, -1) {
		form.Set(attribute(input, "name"), html.UnescapeString(attribute(input, "value")))
	}
	address.RawQuery = ""
	return p.Post(address.String(), form.Encode(), "Accept", "text/html", "Origin", address.Scheme+"://"+address.Host)
}

// Post sends a form.
func (p *Person) Post(address, form string, header ...string) Answer {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, address, strings.NewReader(form))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := p.send(request, header)
	if err != nil {
		p.t.Fatalf("POST %s: %v", address, err)
	}
	return answer
}

func attribute(tag, name string) string {
	_, rest, found := strings.Cut(tag, " "+name+`="`)
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}
