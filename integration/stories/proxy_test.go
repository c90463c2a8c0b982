package stories

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
)

// behindTLS is a proxy of somebody else's that speaks https to browsers and plain http to the gateway. It tells the scheme
// as told, in one header line for each of them.
func behindTLS(t *testing.T, site string, schemes ...string) string {
	t.Helper()
	to, err := url.Parse(site)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "127.0.0.1:"+to.Port()
			r.Out.Host = r.In.Host
			r.SetXForwarded()
			r.Out.Header["X-Forwarded-Proto"] = schemes
		},
	})
	t.Cleanup(proxy.Close)
	_, port, _ := strings.Cut(strings.TrimPrefix(proxy.URL, "https://"), ":")
	return "https://" + to.Hostname() + ":" + port
}

// plainSite is a gateway on plain http for a name that is not this machine's, behind whatever stands in front of it.
func plainSite(t *testing.T, servers, gatehouse string) (g *gateway.Gateway, site string) {
	t.Helper()
	up := gateway.StartUpstream(t)
	port := strings.TrimPrefix(newSite(t), "http://localhost:")
	g = gateway.Start(t, fmt.Sprintf(`{
	admin ADMIN
	auto_https off
	servers {
		%s
	}
	gatehouse {
		%s
		%s
	}
}
http://app.one.test:%s {
	gate
	reverse_proxy %s
}
`, servers, shared("sqlite", "embedded"), gatehouse, port, up.Address))
	return g, "http://app.one.test:" + port
}

const trustLoopback = "trusted_proxies static 127.0.0.1/32"

// The browser came by https, says a proxy that Caddy trusts: cookies are those of https. Said by anybody else, or twice, or
// in other words, it is http, where signing in is refused.
func TestATLSTerminatingProxyInFront(t *testing.T) {
	t.Parallel()
	credentials := map[string]any{"email": "ann@example.com", "password": gateway.Password}
	for name, c := range map[string]struct {
		servers string
		schemes []string
		secure  bool
	}{
		"trusted":                 {trustLoopback, []string{"https"}, true},
		"not trusted":             {"", []string{"https"}, false},
		"another proxy trusted":   {"trusted_proxies static 10.0.0.0/8", []string{"https"}, false},
		"trusted, said twice":     {trustLoopback, []string{"https", "https"}, false},
		"trusted, both said":      {trustLoopback, []string{"http", "https"}, false},
		"trusted, a list":         {trustLoopback, []string{"https, http"}, false},
		"trusted, capital":        {trustLoopback, []string{"HTTPS"}, false},
		"trusted, nothing said":   {trustLoopback, nil, false},
		"trusted, and it is http": {trustLoopback, []string{"http"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, site := plainSite(t, c.servers, "")
			outside := behindTLS(t, site, c.schemes...)
			p := gateway.NewPerson(t)
			got := p.Do(http.MethodPost, outside+"/.gatehouse/api/v1/signup", credentials)
			if !c.secure {
				if got.Status != http.StatusForbidden || got.Code() != "https_required" || got.Header["Set-Cookie"] != nil {
					t.Fatalf("%d %v %s", got.Status, got.Header, got.Body)
				}
				return
			}
			lines := strings.Join(got.Header["Set-Cookie"], "\n")
			if got.Status != http.StatusCreated || !strings.Contains(lines, "__Host-gatehouse=") || strings.Count(lines, "; Secure") != strings.Count(lines, "=/;") {
				t.Fatalf("%d %q %s", got.Status, lines, got.Body)
			}
			if got := p.Get(outside + "/page"); got.Status != http.StatusOK || !strings.Contains(got.Body, `"Remote-User":["ann@example.com"]`) {
				t.Errorf("a page: %d %s", got.Status, got.Body)
			}
			// over http the cookie of https is not read
			if got := gateway.NewPerson(t).Get(site+"/page", "Cookie", sessionCookie+"="+p.Cookie(outside, sessionCookie)); got.Status != http.StatusUnauthorized {
				t.Errorf("the cookie of https over http: %d", got.Status)
			}
			// links of a sign-in stay on https
			if got := gateway.NewPerson(t).Get(outside+"/page", "Accept", "text/html"); !strings.HasPrefix(got.Header.Get("Location"), "/.gatehouse/login?to=") {
				t.Errorf("asked to sign in at %q", got.Header.Get("Location"))
			}
		})
	}
}

// Over plain http everybody on the way reads along: signing in works on this machine only, until the operator allows it.
func TestSigningInOverPlainHTTPIsTheOperatorsChoice(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{false, true} {
		t.Run(fmt.Sprint("allow_http ", allowed), func(t *testing.T) {
			word := ""
			if allowed {
				word = "allow_http"
			}
			g, site := plainSite(t, "", word)
			g.MustCommand(gateway.Password+"\n", "users", "add", "ann@example.com", "--password-stdin")
			p := gateway.NewPerson(t)
			api := p.TryPassword(site, "ann@example.com", gateway.Password)
			page := p.Get(site+"/.gatehouse/login", "Accept", "text/html")
			if !allowed {
				if api.Status != http.StatusForbidden || api.Code() != "https_required" || api.Header["Set-Cookie"] != nil {
					t.Errorf("the API: %d %v %s", api.Status, api.Header, api.Body)
				}
				if page.Status != http.StatusForbidden || strings.Contains(page.Body, `type="password"`) {
					t.Errorf("the page: %d %s", page.Status, page.Body)
				}
				if sessionsOf(t, g, "ann@example.com") != 0 {
					t.Error("the store holds a session")
				}
				return
			}
			line := strings.Join(api.Header["Set-Cookie"], "\n")
			if api.Status != http.StatusOK || !strings.HasPrefix(line, "gatehouse=") || strings.Contains(line, "Secure") || !strings.Contains(line, "HttpOnly") {
				t.Errorf("the API: %d %q", api.Status, line)
			}
			if got := p.Get(site + "/page"); got.Status != http.StatusOK {
				t.Errorf("a page: %d", got.Status)
			}
			fresh := gateway.NewPerson(t)
			if got := fresh.SubmitLogin(site, fresh.Get(site+"/page?x=1", "Accept", "text/html").Header.Get("Location"), "ann@example.com"); got.Header.Get("Location") != "/page?x=1" {
				t.Errorf("the form: %d %v", got.Status, got.Header)
			}
		})
	}
}
