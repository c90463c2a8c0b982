package gatetest

import (
	"net/http"
	"strings"
	"testing"
)

// Outside its matcher a gate asks nobody, and still removes what is ours and answers at the reserved paths.
func TestOutsideTheMatcherEverythingIsPublic(t *testing.T) {
	w := gatedBy(t, "gate /app/* role:admin")
	ann := w.signedIn("ann", 0, "admin")
	for _, p := range protos {
		w.do(p, "GET", "/outside", "", append(ann.cookie(p), "Remote-User", "mallory", "X-Original-URL", "/x")...)
		if got := w.up.only(t); got.has("Remote-User") || got.has("Cookie") || got.has("X-Original-URL") {
			t.Errorf("%s: the upstream got\n%s", p, got.text())
		}
		if r := w.do(p, "GET", "/app/x", ""); r.Status != http.StatusUnauthorized {
			t.Errorf("%s inside: %d", p, r.Status)
		}
		w.do(p, "GET", "/app/x", "", ann.cookie(p)...)
		if got := w.up.only(t); got.header("Remote-User") != "ann" {
			t.Errorf("%s inside: the upstream got\n%s", p, got.text())
		}
		if r := w.do(p, "POST", "/outside", "", "Early-Data", "1"); r.Status != http.StatusTooEarly {
			t.Errorf("%s early data: %d", p, r.Status)
		}
	}
}

func gatedBy(t *testing.T, gate string) *world {
	t.Helper()
	return site(t, gate+"\nreverse_proxy UP")
}

// A matcher reads a path in one way, an upstream in another: nobody gets past a gate by spelling.
func TestNoReadingOfAPathEscapesAMatcher(t *testing.T) {
	for name, gate := range map[string]string{
		"path":       "gate /admin/* role:admin",
		"named":      "@admin path /admin /admin/*\ngate @admin role:admin",
		"regexp":     "@admin path_regexp ^/admin(/|$)\ngate @admin role:admin",
		"not":        "@rest not path /open/*\ngate @rest role:admin",
		"two gates":  "gate /admin/* role:admin\ngate /elsewhere/* user",
		"rewritten":  "@open path /open/*\nrewrite /admin/* /index.php\ngate /admin/* role:admin",
		"rewritten2": "rewrite * /index.php?q={path}\n@admin path /admin/*\ngate @admin role:admin",
	} {
		t.Run(name, func(t *testing.T) {
			w := gatedBy(t, gate)
			for _, path := range []string{"/admin/x", "//admin/x", "/%61dmin/x", "/%2561dmin/x", "/admin;a/x", "/admin%2fx", "/./admin/x", "/y/../admin/x",
				"/y/%2e%2e/admin/x", "/admin%5cx", "/;a/admin/x"} {
				if strings.HasPrefix(name, "rewritten") && path != "/admin/x" && name == "rewritten" {
					continue // the rewrite does not catch them either
				}
				if status := w.framed(t, "GET", path, nil, "", nil); status != "401" {
					t.Errorf("%s: %s", path, status)
				}
				w.up.nothing(t, path)
			}
			if status := w.framed(t, "GET", "/open/x", nil, "", nil); status != "200" {
				t.Errorf("/open/x: %s", status)
			}
		})
	}
}

// Two gates on one way: both must let a request in, and each leaves the other's work alone.
func TestTwoGatesOnOneWay(t *testing.T) {
	w := site(t, `gate /admin/* role:admin
	gate {
		public /public
		allow user
		headers webauth
		header X-Second {http.auth.user.username}
	}
	handle_path /inner/* {
		gate {
			allow role:member
		}
		reverse_proxy UP
	}
	handle {
		reverse_proxy UP
	}`)
	ann, root := w.signedIn("ann", 0, "member"), w.signedIn("root", 0, "admin")
	for _, p := range protos {
		for _, c := range []struct {
			who    person
			path   string
			status int
		}{{ann, "/admin/x", 403}, {root, "/admin/x", 200}, {ann, "/x", 200}, {ann, "/inner/x", 200}, {root, "/inner/x", 403}} {
			r := w.do(p, "GET", c.path, "", append(c.who.cookie(p), "Cookie", "a=1", "Remote-User", "mallory", "X-Second", "mallory")...)
			if r.Status != c.status {
				t.Errorf("%s %s %s: %d", p, c.who.Username, c.path, r.Status)
			}
			if c.status != 200 {
				w.up.nothing(t, c.path)
				continue
			}
			got := w.up.only(t)
			name := "X-Webauth-User"
			if strings.HasPrefix(c.path, "/inner") {
				name = "Remote-User"
			}
			if got.header(name) != c.who.Username || got.header("Cookie") != "a=1" || strings.Contains(got.text(), "mallory") {
				t.Errorf("%s %s: the upstream got\n%s", p, c.path, got.text())
			}
		}
		if r := w.do(p, "GET", "/admin/x", ""); r.Status != 401 {
			t.Errorf("%s signed out: %d", p, r.Status)
		}
		w.do(p, "GET", "/public", "", ann.cookie(p)...)
		if got := w.up.only(t); got.has("X-Webauth-User") || got.has("Cookie") {
			t.Errorf("%s public: the upstream got\n%s", p, got.text())
		}
	}
}

// What stands between two gates wraps the writer by which the second finds the first.
func TestTwoGatesWithHandlersBetween(t *testing.T) {
	w := site(t, `log
	portal /auth/*
	gate
	encode
	templates
	intercept {
		@never status 599
		handle_response @never {
			respond never
		}
	}
	handle_path /inner/* {
		gate role:member
		reverse_proxy UP
	}
	handle {
		reverse_proxy UP
	}`)
	ann := w.signedIn("ann", 0, "member")
	for _, p := range protos {
		for _, path := range []string{"/x", "/inner/x"} {
			r := w.do(p, "GET", path, "", append(ann.cookie(p), "Cookie", "a=1", "Accept-Encoding", "gzip")...)
			if got := w.up.only(t); r.Status != http.StatusOK || got.header("Remote-User") != "ann" || got.header("Cookie") != "a=1" {
				t.Errorf("%s %s: %d, the upstream got\n%s", p, path, r.Status, got.text())
			}
		}
		if r := w.do(p, "GET", "/inner/x", "", "Accept", "text/html"); r.Status != http.StatusFound || !strings.HasPrefix(r.Header.Get("Location"), "/.gatehouse/login?to=") {
			t.Errorf("%s signed out: %d to %s", p, r.Status, r.Header.Get("Location"))
		}
		if r := w.do(p, "GET", "/auth/login", "", "Accept", "text/html"); r.Status != http.StatusOK {
			t.Errorf("%s portal: %d", p, r.Status)
		}
	}
}

// The first gate let somebody in; a second one that asks nobody here leaves what the handlers were told.
func TestASecondGateLeavesTheIdentityOfTheFirst(t *testing.T) {
	w := site(t, "gate /app/* user\ngate /other/* user\nreverse_proxy UP {\nheader_up X-Who {http.auth.user.username}\n}")
	ann := w.signedIn("ann", 0)
	for _, p := range protos {
		for path, want := range map[string]string{"/app/x": "ann", "/other/x": "ann", "/x": ""} {
			w.do(p, "GET", path, "", ann.cookie(p)...)
			if got := w.up.only(t); got.header("Remote-User") != want || got.header("X-Who") != want {
				t.Errorf("%s %s: the upstream got\n%s", p, path, got.text())
			}
		}
	}
}

// A gate below another serves its pages through it, cookies and all.
func TestPagesOfAnInnerGatePassAnOuterOne(t *testing.T) {
	w := site(t, `gate {
		public
	}
	handle_path /inner/* {
		gate
		reverse_proxy UP
	}`, part{gatehouse: "signup open"})
	for _, p := range protos {
		r := w.do(p, "POST", "/inner/.gatehouse/api/v1/signup", `{"email":"`+p.cookieName()+`@example.com","password":"correct horse battery staple"}`,
			"Content-Type", "application/json", "Origin", w.origin(p))
		pair := ""
		for _, line := range r.Header["Set-Cookie"] {
			if strings.HasPrefix(line, p.cookieName()+"=") {
				pair, _, _ = strings.Cut(line, ";")
			}
		}
		if r.Status != http.StatusCreated || pair == "" {
			t.Fatalf("%s: %d %s %v", p, r.Status, r.Body, r.Header)
		}
		if r := w.do(p, "GET", "/inner/.gatehouse/api/v1/session", "", "Cookie", pair); r.Status != http.StatusOK {
			t.Errorf("%s: %d %s", p, r.Status, r.Body)
		}
		w.do(p, "GET", "/inner/x", "", "Cookie", pair)
		if got := w.up.only(t); !got.has("Remote-User") || got.has("Cookie") {
			t.Errorf("%s: the upstream got\n%s", p, got.text())
		}
	}
}
