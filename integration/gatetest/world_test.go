package gatetest

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/gatehouse-auth/gatehouse/caddymodule"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql/sqltest"
)

// host is the name of the site; names below localhost are this machine's (RFC 6761), so that plain http may sign in.
const host = "app.localhost"

// world is a running Caddy with one site over http and https, the upstream behind it, and the store beneath.
type world struct {
	t           *testing.T
	up          *upstream
	users       store.UserStore
	file        string // of the database
	http, https string // host:port to dial
	h1, h2      *http.Client
	secrets     []string // that no log may hold
}

// part is a piece of the Caddyfile that a test replaces.
type part struct{ servers, gatehouse, more string }

// gated starts a world whose site is a gate with these lines before a reverse_proxy.
func gated(t *testing.T, lines string, parts ...part) *world {
	t.Helper()
	return site(t, "gate {\n"+lines+"\n}\nreverse_proxy UP", parts...)
}

// site starts a world with these lines as its site. UP stands for the upstream.
func site(t *testing.T, lines string, parts ...part) *world {
	t.Helper()
	var p part
	if len(parts) > 0 {
		p = parts[0]
	}
	w := &world{t: t, up: newUpstream(t), http: freeAddress(t), https: freeAddress(t)}
	dir := t.TempDir()
	w.file = filepath.Join(dir, "users.db")
	w.users = sqltest.OpenFile(t, w.file, time.Now)
	text := fmt.Sprintf(`{
	admin off
	persist_config off
	auto_https disable_redirects
	skip_install_trust
	local_certs
	grace_period 100ms
	storage file_system %[1]s/caddy
	log {
		output file %[1]s/caddy.log
		level DEBUG
	}
	servers {
		protocols h1 h2
		%[2]s
	}
	gatehouse {
		users sqlite %[1]s/users.db
		secret a-secret-of-this-test-that-is-long-enough
		password {
			hash bcrypt 10
		}
		%[3]s
	}
}
%[4]s
http://%[5]s:%[6]s, https://%[5]s:%[7]s {
	%[8]s
}
`, dir, p.servers, p.gatehouse, p.more, host, port(w.http), port(w.https), lines)
	text = strings.NewReplacer("UP", w.up.addr, "DIR", dir, "HTTPPORT", port(w.http), "HTTPSPORT", port(w.https)).Replace(text)
	raw, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(raw, true); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
		w.checkLog(filepath.Join(dir, "caddy.log"))
	})
	w.h1, w.h2 = w.client(false), w.client(true)
	w.wait()
	w.up.take()
	return w
}

// checkLog looks for secrets in the log, which every world keeps at debug level (docs/threats.md, invariant 12).
func (w *world) checkLog(file string) {
	raw, err := os.ReadFile(file)
	if err != nil {
		w.t.Error(err)
		return
	}
	log := string(raw)
	for _, secret := range w.secrets {
		if at := strings.Index(log, secret); at >= 0 {
			w.t.Errorf("the log holds a secret: %s", log[max(0, at-300):at])
		}
	}
	if w.t.Failed() {
		w.t.Logf("log: …%s", log[max(0, len(log)-1500):])
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(servers.FreePort(t)))
}

func port(addr string) string {
	_, p, _ := net.SplitHostPort(addr)
	return p
}

// client speaks HTTP/1.1 to the http site, or HTTP/2 to the https one.
func (w *world) client(h2 bool) *http.Client {
	transport := &http.Transport{ForceAttemptHTTP2: h2, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: host},
		DisableCompression: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			_, p, _ := net.SplitHostPort(addr)
			return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+p)
		}}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// wait returns once the certificate is there: Caddy makes it after the listeners.
func (w *world) wait() {
	w.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		r, err := w.h2.Get("https://" + host + ":" + port(w.https) + "/.gatehouse/gatehouse.js")
		if err == nil {
			_ = r.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatal(err)
		}
	}
}

// proto is a way to speak to the site.
type proto string

const (
	h1 proto = "HTTP/1.1"
	h2 proto = "HTTP/2"
)

// protos are tried one after the other by most stories.
var protos = []proto{h1, h2}

// cookieName is the name of the session cookie over p's scheme.
func (p proto) cookieName() string {
	if p == h2 {
		return "__Host-gatehouse"
	}
	return "gatehouse"
}

// origin is the site's own origin over p's scheme.
func (w *world) origin(p proto) string {
	if p == h2 {
		return "https://" + host + ":" + port(w.https)
	}
	return "http://" + host + ":" + port(w.http)
}

// reply is an answer, read whole.
type reply struct {
	Status  int
	Header  http.Header
	Body    string
	Trailer http.Header
}

func (r reply) code() string {
	var problem struct{ Code string }
	_ = json.Unmarshal([]byte(r.Body), &problem)
	return problem.Code
}

// do sends a request. Headers are pairs of name and value, kept in their spelling; a name may come repeatedly.
func (w *world) do(p proto, method, target, body string, header ...string) reply {
	w.t.Helper()
	r, err := w.try(w.t.Context(), p, method, target, body, header...)
	if err != nil {
		w.t.Fatalf("%s %s %s: %v", p, method, target, err)
	}
	return r
}

func (w *world) try(ctx context.Context, p proto, method, target, body string, header ...string) (reply, error) {
	res, err := w.open(ctx, p, method, target, body, header...)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, string(text), res.Trailer}, err
}

func (w *world) open(ctx context.Context, p proto, method, target, body string, header ...string) (*http.Response, error) {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, w.origin(p)+target, reader)
	if err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header[header[i]] = append(req.Header[header[i]], header[i+1])
	}
	client := w.h1
	if p == h2 {
		client = w.h2
	}
	return client.Do(req)
}

// raw sends bytes over plain HTTP/1.1 and reads answers up to the first that is none of 1xx.
func (w *world) raw(text string) (*http.Response, []*http.Response) {
	w.t.Helper()
	c, err := net.Dial("tcp", w.http)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, strings.ReplaceAll(text, "<host>", host)); err != nil {
		w.t.Fatal(err)
	}
	return readAnswers(w.t, bufio.NewReader(c))
}

func readAnswers(t *testing.T, r *bufio.Reader) (*http.Response, []*http.Response) {
	t.Helper()
	var early []*http.Response
	for {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols {
			return res, early
		}
		early = append(early, res)
	}
}

// refused fails the test unless an answer is one of the gate's own refusals: no cookie, kept by nobody, and not put
// through handle_errors.
func (r reply) refused(t *testing.T, what string) {
	t.Helper()
	if cookies := r.Header["Set-Cookie"]; cookies != nil {
		t.Errorf("%s: sets %q", what, cookies)
	}
	if r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: Cache-Control %q", what, r.Header.Get("Cache-Control"))
	}
	if strings.Contains(r.Body, errorPage) {
		t.Errorf("%s: went through handle_errors", what)
	}
	if r.Status >= 400 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/problem+json") && r.code() == "" {
		t.Errorf("%s: no code in %q", what, r.Body)
	}
}

// errorPage is what handle_errors of a test's site answers.
const errorPage = "the site's own error page"

func itoa(n int) string { return strconv.Itoa(n) }
