package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Person is a browser without a screen: it keeps cookies, knows no name server, and does not follow redirects by itself.
type Person struct {
	t      testing.TB
	Client *http.Client
}

// NewPerson returns one with no cookies. Certificates of test sites are their own, so none is checked.
func NewPerson(t testing.TB) *Person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: dialLoopback, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 32, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &Person{t: t, Client: &http.Client{Jar: jar, Transport: transport, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Answer is what came back, read whole.
type Answer struct {
	Status int
	Header http.Header
	Body   string
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
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer, err := p.Client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return Answer{Status: answer.StatusCode, Header: answer.Header, Body: string(text)}, err
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

// Get is Do with GET, as a program.
func (p *Person) Get(address string, header ...string) Answer {
	p.t.Helper()
	return p.Do(http.MethodGet, address, nil, header...)
}

// SignUp makes an account by the API of a site and fails the test if that does not sign in.
func (p *Person) SignUp(site, email string) {
	p.t.Helper()
	p.mustBeSignedIn(p.Do(http.MethodPost, site+"/.gatehouse/api/v1/signup", map[string]any{"email": email, "password": Password}), http.StatusCreated)
}

// SignIn signs in by the API of a site.
func (p *Person) SignIn(site, login string) {
	p.t.Helper()
	p.mustBeSignedIn(p.Do(http.MethodPost, site+"/.gatehouse/api/v1/login", map[string]any{"login": login, "password": Password}), http.StatusOK)
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

// Comes waits for a condition and tells whether it came true.
func Comes(condition func() bool) bool {
	deadline := time.Now().Add(20 * time.Second)
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

// SubmitLogin opens a login page and posts its form as a browser without scripts does.
func (p *Person) SubmitLogin(site, page, login string) Answer {
	p.t.Helper()
	address, err := url.Parse(site)
	if err != nil {
		p.t.Fatal(err)
	}
	if address, err = address.Parse(page); err != nil {
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
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, address.String(), strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "text/html")
	request.Header.Set("Origin", address.Scheme+"://"+address.Host)
	answer, err := p.Client.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return Answer{Status: answer.StatusCode, Header: answer.Header, Body: string(text)}
}

func attribute(tag, name string) string {
	_, rest, found := strings.Cut(tag, " "+name+`="`)
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}
