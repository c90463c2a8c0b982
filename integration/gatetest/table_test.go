package gatetest

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// askers are the kinds of clients that wait for an answer, each by the headers that tell it (docs/gate.md).
var askers = []struct {
	name, method, body string
	header             []string
	kind               string // navigation, form, grpc or program
}{
	{"a browser", "GET", "", []string{"Accept", "text/html,*/*;q=0.8", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, "navigation"},
	{"an old browser", "GET", "", []string{"Accept", "text/html"}, "navigation"},
	{"HEAD of a browser", "HEAD", "", []string{"Accept", "text/html"}, "navigation"},
	{"a form", "POST", "a=b", []string{"Accept", "text/html", "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Mode", "navigate"}, "form"},
	{"a form with files", "POST", "--x--", []string{"Accept", "text/html", "Content-Type", "multipart/form-data; boundary=x"}, "form"},
	{"curl", "GET", "", []string{"Accept", "*/*"}, "program"},
	{"nothing said", "GET", "", nil, "program"},
	{"fetch", "GET", "", []string{"Accept", "text/html", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}, "program"},
	{"a frame", "GET", "", []string{"Accept", "text/html", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, "program"},
	{"an image", "GET", "", []string{"Accept", "text/html", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, "program"},
	{"jQuery", "GET", "", []string{"Accept", "text/html", "X-Requested-With", "XMLHttpRequest"}, "program"},
	{"a POST of JSON", "POST", "{}", []string{"Accept", "text/html", "Content-Type", "application/json"}, "program"},
	{"DELETE", "DELETE", "", []string{"Accept", "text/html"}, "program"},
	{"gRPC", "POST", "x", []string{"Content-Type", "application/grpc", "Te", "trailers"}, "grpc"},
	{"gRPC of a codec", "POST", "x", []string{"Content-Type", "application/grpc+proto"}, "grpc"},
	{"gRPC-Web", "POST", "x", []string{"Content-Type", "application/grpc-web+proto"}, "program"},
}

// TestEveryVerdictIsToldToEveryAskerInTheWayTheyCanFollow is the table of docs/gate.md: over both protocols, each
// verdict for each kind of asker. Nothing of it reaches the upstream, sets a cookie, is kept by a cache or comes to
// handle_errors.
func TestEveryVerdictIsToldToEveryAskerInTheWayTheyCanFollow(t *testing.T) {
	w := site(t, `gate {
		deny  /deny/*
		allow role:admin /admin/*
		allow user /mfa/* {
			mfa
		}
		allow user /fresh/* {
			fresh 10m
		}
		allow user
	}
	reverse_proxy UP
	handle_errors {
		respond "`+errorPage+`" 599
	}`)
	old := w.signedIn("ann", 2*time.Hour, "member")
	for _, row := range []struct {
		path     string
		signedIn bool
		want     string // login or forbidden
	}{
		{"/", false, "login"}, {"/admin/x", false, "login"}, {"/mfa/x", false, "login"}, {"/fresh/x", false, "login"}, {"/deny/x", false, "forbidden"},
		{"/admin/x", true, "forbidden"}, {"/deny/x", true, "forbidden"}, {"/mfa/x", true, "login"}, {"/fresh/x", true, "login"},
	} {
		for _, asker := range askers {
			for _, p := range protos {
				header := append([]string{}, asker.header...)
				what := string(p) + " " + asker.name + " " + row.path
				if row.signedIn {
					header = append(header, old.cookie(p)...)
					what += ", signed in"
				}
				r := w.do(p, asker.method, row.path+"?q=1", asker.body, header...)
				r.refused(t, what)
				if row.want == "login" {
					checkLogin(t, what, asker.kind, r)
				} else {
					checkForbidden(t, what, asker.kind, asker.method, r)
				}
				w.up.nothing(t, what)
			}
		}
	}
}

func checkLogin(t *testing.T, what, kind string, r reply) {
	t.Helper()
	const login = "/.gatehouse/login?to="
	switch kind {
	case "navigation", "form":
		want := map[string]int{"navigation": http.StatusFound, "form": http.StatusSeeOther}[kind]
		if r.Status != want || !strings.HasPrefix(r.Header.Get("Location"), login) {
			t.Errorf("%s: %d to %q", what, r.Status, r.Header.Get("Location"))
		}
	case "grpc":
		checkGRPC(t, what, "16", r)
	default:
		if r.Status != http.StatusUnauthorized || r.code() != "login_required" || !strings.Contains(r.Body, `"login_url":"`+login) {
			t.Errorf("%s: %d %s", what, r.Status, r.Body)
		}
		if got := r.Header["Www-Authenticate"]; len(got) != 1 || got[0] != `Bearer realm="gatehouse"` {
			t.Errorf("%s: challenge %q", what, got)
		}
		checkProblem(t, what, r)
	}
}

func checkForbidden(t *testing.T, what, kind, method string, r reply) {
	t.Helper()
	if kind == "grpc" {
		checkGRPC(t, what, "7", r)
		return
	}
	if r.Status != http.StatusForbidden || r.Header["Www-Authenticate"] != nil {
		t.Errorf("%s: %d %v", what, r.Status, r.Header)
	}
	if kind == "program" {
		checkProblem(t, what, r)
		if r.code() != "forbidden" {
			t.Errorf("%s: %s", what, r.Body)
		}
		return
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") || method != "HEAD" && !strings.Contains(r.Body, "<html") {
		t.Errorf("%s: no page but %q", what, r.Header.Get("Content-Type"))
	}
	for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"} {
		if r.Header.Get(name) == "" {
			t.Errorf("%s: the page has no %s", what, name)
		}
	}
}

func checkGRPC(t *testing.T, what, status string, r reply) {
	t.Helper()
	if r.Status != http.StatusOK || r.Header.Get("Content-Type") != "application/grpc" || r.Header.Get("Grpc-Status") != status || r.Body != "" {
		t.Errorf("%s: %d %v", what, r.Status, r.Header)
	}
}

func checkProblem(t *testing.T, what string, r reply) {
	t.Helper()
	if r.Header.Get("Content-Type") != "application/problem+json" || r.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s: %v", what, r.Header)
	}
}

// Basic is offered to programs only: a browser would open a prompt of its own over the app.
func TestBasicIsNotOfferedToBrowsers(t *testing.T) {
	w := gated(t, "basic")
	for _, p := range protos {
		if got := w.do(p, "GET", "/", "").Header["Www-Authenticate"]; len(got) != 2 {
			t.Errorf("%s: a program is offered %q", p, got)
		}
		for _, name := range []string{"Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-Dest"} {
			if got := w.do(p, "GET", "/", "", name, "cors").Header["Www-Authenticate"]; len(got) != 1 || strings.Contains(got[0], "Basic") {
				t.Errorf("%s: a browser is offered %q", p, got)
			}
		}
	}
}

// Who may enter, enters: the other half of the table.
func TestWhoMayEnterEnters(t *testing.T) {
	w := gated(t, `allow role:admin /admin/*
		allow user /fresh/* {
			fresh 10m
		}
		deny /deny/*
		optional /optional
		public /public
		allow user`, part{gatehouse: "role admin {\n\t\t\tincludes editor\n\t\t}"})
	admin := w.signedIn("root", 0, "admin")
	for _, asker := range askers {
		for _, p := range protos {
			for _, path := range []string{"/", "/admin/x", "/fresh/x", "/optional", "/public"} {
				r := w.do(p, asker.method, path, asker.body, append(append([]string{}, asker.header...), admin.cookie(p)...)...)
				if r.Status != http.StatusOK {
					t.Errorf("%s %s %s: %d", p, asker.name, path, r.Status)
				}
				got := w.up.only(t)
				want := "admin,editor"
				if path == "/public" {
					want = ""
				}
				if got.header("Remote-Roles") != want || got.Line != asker.method+" "+path+" HTTP/1.1" || got.Body != asker.body {
					t.Errorf("%s %s %s: the upstream got\n%s", p, asker.name, path, got.text())
				}
				if got := w.do(p, "GET", "/deny/x", "", admin.cookie(p)...).Status; got != http.StatusForbidden {
					t.Errorf("deny: %d", got)
				}
			}
		}
	}
}
