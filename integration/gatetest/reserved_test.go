package gatetest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Rewrites must not swallow the reserved paths, and the upstream must never see one.
func TestReservedPathsAreAnsweredWhateverRewritesThere(t *testing.T) {
	for name, lines := range map[string]string{
		"plain":           "gate\nreverse_proxy UP",
		"everything open": "gate {\npublic\n}\nreverse_proxy UP",
		"everything shut": "gate {\ndeny\n}\nreverse_proxy UP",
		"outside":         "gate /app/*\nreverse_proxy UP",
		"try_files":       "root * DIR\ntry_files {path} /caddy.log\ngate\nreverse_proxy UP",
		"everywhere":      "rewrite * /index.html\ngate\nreverse_proxy UP",
		"another query":   "rewrite * /index.php?p={path}\ngate\nreverse_proxy UP",
		"another method":  "method GET\ngate\nreverse_proxy UP",
	} {
		t.Run(name, func(t *testing.T) {
			w := site(t, lines)
			for _, p := range protos {
				r := w.do(p, "GET", "/.gatehouse/api/v1/session", "")
				if r.Status != http.StatusUnauthorized || r.code() != "login_required" {
					t.Errorf("%s session: %d %s", p, r.Status, r.Body)
				}
				if r = w.do(p, "GET", "/.gatehouse/login", "", "Accept", "text/html"); r.Status != http.StatusOK || !strings.Contains(r.Body, "password") {
					t.Errorf("%s login: %d %s", p, r.Status, r.Body)
				}
				for _, odd := range []string{"/.gatehouse", "/.gatehouse/nothing", "/.GateHouse/login", "/%2egatehouse/login", "/x/../.gatehouse/login",
					"//.gatehouse/login", "/.gatehouse;x/login", "/.gatehouse%2flogin"} {
					status := w.framed(t, "GET", odd, nil, "", nil)
					if status != "404" {
						t.Errorf("%s: %s", odd, status)
					}
				}
			}
			w.up.nothing(t, name)
		})
	}
}

// A return address keeps the query as sent, whatever a rewrite makes of it.
func TestTheWayBackIsTheAddressAsSent(t *testing.T) {
	w := site(t, "rewrite * /index.php?p={path}\ngate\nreverse_proxy UP", part{gatehouse: "signup open"})
	for _, p := range protos {
		asked := w.do(p, "GET", "/page?x=1&y=%2F", "", "Accept", "text/html")
		to, err := url.Parse(asked.Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := json.Marshal(map[string]string{"email": string(p[5]) + "@example.com", "password": "correct horse battery staple", "to": to.Query().Get("to")})
		r := w.do(p, "POST", "/.gatehouse/api/v1/signup", string(body), "Content-Type", "application/json", "Origin", w.origin(p))
		var got struct{ Status, Location string }
		_ = json.Unmarshal([]byte(r.Body), &got)
		if r.Status != http.StatusCreated || got.Location != "/page?x=1&y=%2F" {
			t.Errorf("%s: %d %s", p, r.Status, r.Body)
		}
		cookies := r.Header["Set-Cookie"]
		if len(cookies) == 0 || !strings.HasPrefix(cookies[0], p.cookieName()) {
			t.Fatalf("%s: no session but %q", p, cookies)
		}
		for _, cookie := range cookies {
			if strings.HasPrefix(cookie, p.cookieName()+"=") {
				pair, _, _ := strings.Cut(cookie, ";")
				w.do(p, "GET", got.Location, "", "Cookie", pair)
			}
		}
		if seen := w.up.only(t); seen.Line != "GET /index.php?p=%2Fpage HTTP/1.1" || !strings.HasSuffix(seen.header("Remote-User"), "@example.com") {
			t.Errorf("%s: the upstream got\n%s", p, seen.text())
		}
	}
}

// A gate below a prefix answers there, and every way back carries it.
func TestAGateBelowAPrefixAnswersThere(t *testing.T) {
	w := site(t, "handle_path /pub/* {\ngate\nreverse_proxy UP\n}\nhandle {\nreverse_proxy UP\n}")
	ann := w.signedIn("ann", 0)
	for _, p := range protos {
		r := w.do(p, "GET", "/pub/page?x=1", "", "Accept", "text/html")
		if r.Status != http.StatusFound || !strings.HasPrefix(r.Header.Get("Location"), "/pub/.gatehouse/login?to=") {
			t.Errorf("%s: %d to %q", p, r.Status, r.Header.Get("Location"))
		}
		if r = w.do(p, "GET", r.Header.Get("Location"), "", "Accept", "text/html"); r.Status != http.StatusOK || !strings.Contains(r.Body, `"/pub/.gatehouse/`) {
			t.Errorf("%s login page: %d %s", p, r.Status, r.Body)
		}
		w.up.nothing(t, "below the prefix")
		w.do(p, "GET", "/pub/page", "", ann.cookie(p)...)
		if got := w.up.only(t); got.Line != "GET /page HTTP/1.1" || got.header("Remote-User") != "ann" {
			t.Errorf("%s: the upstream got\n%s", p, got.text())
		}
		// two slashes would make the prefix a host in every link of the page
		if status := w.framed(t, "GET", "//pub/.gatehouse/login", nil, "", nil); status == "200" {
			t.Errorf("%s: an address that leads out: %s", p, status)
		}
	}
}

// The app's own login page is open to everybody, for reading, at exactly that path.
func TestTheAppsOwnLoginPage(t *testing.T) {
	w := gated(t, "login_page /welcome\nallow user")
	for _, p := range protos {
		r := w.do(p, "GET", "/page", "", "Accept", "text/html")
		if r.Status != http.StatusFound || !strings.HasPrefix(r.Header.Get("Location"), "/welcome?to=") {
			t.Errorf("%s: %d to %q", p, r.Status, r.Header.Get("Location"))
		}
		location := r.Header.Get("Location")
		for _, method := range []string{"GET", "HEAD"} {
			if r := w.do(p, method, location, "", "Accept", "text/html"); r.Status != http.StatusOK {
				t.Errorf("%s %s: %d", p, method, r.Status)
			}
			if got := w.up.only(t); got.Line != method+" "+location+" HTTP/1.1" {
				t.Errorf("%s: %s", p, got.Line)
			}
		}
		for _, c := range [][2]string{{"POST", "/welcome"}, {"OPTIONS", "/welcome"}, {"GET", "/welcome/"}, {"GET", "/welcome/x"}, {"GET", "/welcome;x"}, {"GET", "/x/../welcome"}} {
			if status := w.framed(t, c[0], c[1], nil, "", nil); status != "401" {
				t.Errorf("%s: %s", c, status)
			}
		}
		w.up.nothing(t, "beside the login page")
	}
}

// try_files comes before the gate: /welcome is /welcome.html by then, which no rule opens.
func TestTheAppsOwnLoginPageIsOpenWhateverARewriteMakesOfIt(t *testing.T) {
	w := site(t, "rewrite /welcome /welcome.html\ngate {\nlogin_page /welcome\nallow user\n}\nreverse_proxy UP")
	for _, p := range protos {
		if r := w.do(p, "GET", "/welcome?to=x", "", "Accept", "text/html"); r.Status != http.StatusOK {
			t.Errorf("%s: %d to %q", p, r.Status, r.Header.Get("Location"))
		}
		if got := w.up.only(t); got.Line != "GET /welcome.html?to=x HTTP/1.1" || got.header("Remote-User") != "" {
			t.Errorf("%s: the upstream got\n%s", p, got.text())
		}
		if r := w.do(p, "GET", "/welcome.html", ""); r.Status != http.StatusUnauthorized {
			t.Errorf("%s: under its other name %d", p, r.Status)
		}
		w.up.nothing(t, "under its other name")
	}
}
