package gatetest

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// identityNames are all names that a gate removes (docs/gate.md, "What is removed"), with those that the tests
// configure.
var identityNames = []string{
	"Remote-User", "Remote-User-Id", "Remote-Email", "Remote-Name", "Remote-Roles", "Remote-Groups",
	"X-WEBAUTH-USER", "X-WEBAUTH-EMAIL", "X-WEBAUTH-NAME", "X-WEBAUTH-FULLNAME", "X-WEBAUTH-GROUPS", "X-WEBAUTH-ROLE",
	"X-Forwarded-User", "X-Forwarded-Preferred-Username", "X-Forwarded-Email", "X-Forwarded-Groups",
	"X-Auth-Request-User", "X-Auth-Request-Preferred-Username", "X-Auth-Request-Email", "X-Auth-Request-Groups",
	"X-Original-URL", "X-Original-URI", "X-Original-Host", "X-Original-Method", "X-Rewrite-URL",
	"X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-Path", "X-Forwarded-Prefix", "X-Forwarded-Server",
	"X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override", "X-Host", "Forwarded",
	"X-Plan", "X-Gatehouse-Jwt",
}

const headerGate = `
	public /public/*
	optional /optional
	allow user
	header X-Plan {http.auth.user.attributes.plan}
	jwt`

// lax lets every spelling past Caddy's own filter, which drops most of them by default.
var lax = part{servers: `expected_underscore_headers Remote_* X_*
		expected_dot_headers Remote.* X.*`}

func spellings(name string) []string {
	return []string{name, strings.ToLower(name), strings.ToUpper(name), strings.ReplaceAll(name, "-", "_"), strings.ReplaceAll(name, "-", "."),
		strings.Replace(name, "-", "_", 1), strings.ToLower(strings.ReplaceAll(name, "-", "_"))}
}

// A client writes the headers that only we may write. The upstream must never see them, whatever the spelling, the path, or
// who asks; and what we write ourselves stands there once.
func TestNobodyWritesIdentityHeadersButTheGate(t *testing.T) {
	for _, filter := range []part{{}, lax} {
		w := gated(t, headerGate, filter)
		ann := w.signedIn("ann", 0, "member")
		for _, p := range protos {
			for _, path := range []string{"/public/x", "/optional", "/private"} {
				for _, signedIn := range []bool{false, true} {
					if path == "/private" && !signedIn {
						continue
					}
					for batch := range slices.Chunk(identityNames, 8) { // HTTP/2 takes no more at once
						header := []string{"Accept", "*/*"}
						for _, name := range batch {
							for _, spelling := range spellings(name) {
								header = append(header, spelling, "mallory", spelling, "mallory-twice")
							}
						}
						if signedIn {
							header = append(header, ann.cookie(p)...)
						}
						w.do(p, "GET", path, "", header...)
						got := w.up.only(t)
						if text := got.text(); strings.Contains(text, "mallory") {
							t.Errorf("%s %s, signed in %v: the upstream got\n%s", p, path, signedIn, text)
						}
						checkIdentity(t, got, signedIn && path != "/public/x")
					}
				}
			}
		}
	}
}

// checkIdentity fails the test unless ann's identity is there, whole and once, or nothing of it.
func checkIdentity(t *testing.T, got seen, want bool) {
	t.Helper()
	if !want {
		for _, name := range identityNames {
			if got.has(name) {
				t.Errorf("%s: %s is %q", got.Line, name, got.header(name))
			}
		}
		return
	}
	for name, value := range map[string]string{"Remote-User": "ann", "Remote-Email": "ann@example.com", "Remote-Name": "Ann",
		"Remote-Roles": "member", "Remote-Groups": "member", "X-Plan": "gold"} {
		if got.header(name) != value {
			t.Errorf("%s: %s is %q, want %q", got.Line, name, got.header(name), value)
		}
	}
	if id := got.header("Remote-User-Id"); len(id) != 26 {
		t.Errorf("%s: Remote-User-Id is %q", got.Line, id)
	}
	if token := got.header("X-Gatehouse-Jwt"); strings.Count(token, ".") != 2 {
		t.Errorf("%s: X-Gatehouse-Jwt is %q", got.Line, token)
	}
}

// `Connection: Remote-User` makes reverse_proxy delete what the gate wrote (RFC 9110 §7.6.1): a client would become nobody,
// or whom the upstream believes next.
func TestConnectionTakesNothingAway(t *testing.T) {
	w := site(t, "gate {\n"+headerGate+"\n}\nrequest_header X-Tenant one\nreverse_proxy UP")
	ann := w.signedIn("ann", 0, "member")
	for _, options := range []string{
		"Remote-User, Remote-User-Id, Remote-Email, Remote-Name, Remote-Roles, Remote-Groups, X-Plan, X-Gatehouse-Jwt",
		"close, remote-user,remote_roles", "keep-alive, X-Tenant", "X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, Host",
	} {
		res, _ := w.raw("GET /private HTTP/1.1\r\nHost: <host>\r\nCookie: gatehouse=" + ann.secret + "; a=1\r\nX-Tenant: mallory\r\nConnection: " + options +
			"\r\nConnection: Cookie\r\n\r\n")
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d", options, res.StatusCode)
		}
		got := w.up.only(t)
		checkIdentity(t, got, true)
		if got.header("X-Tenant") != "one" || got.header("Cookie") != "a=1" || !got.has("X-Forwarded-For") {
			t.Errorf("%s: the upstream got\n%s", options, got.text())
		}
	}
}

// What Connection names is taken away here, as the last proxy on the way would.
func TestConnectionStillTakesAwayWhatIsTheClientsOwn(t *testing.T) {
	w := gated(t, "public")
	w.raw("GET / HTTP/1.1\r\nHost: <host>\r\nX-Hop: 1\r\nX-End: 2\r\nConnection: X-Hop\r\n\r\n")
	if got := w.up.only(t); got.has("X-Hop") || got.header("X-End") != "2" {
		t.Errorf("the upstream got\n%s", got.text())
	}
}

// Values never pose as two, and never as a placeholder.
func TestValuesAreDataOnly(t *testing.T) {
	w := gated(t, "headers remote webauth x_forwarded x_auth_request {\nseparator |\nencode percent\n}\nheader X-Both {http.auth.user.name}/{http.auth.user.roles}")
	u := w.user("eve", "admin", "viewer")
	u.Name = "{env.HOME}\r\nRemote-Roles: root Zoë"
	if _, err := w.users.UpdateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	u, _ = w.users.User(t.Context(), u.ID)
	eve := w.sessionOf(u, host, 0)
	for _, p := range protos {
		w.do(p, "GET", "/", "", eve.cookie(p)...)
		got := w.up.only(t)
		const name = "%7Benv.HOME%7DRemote-Roles:%20root%20Zo%C3%AB"
		for header, want := range map[string]string{"Remote-User": "eve", "Remote-Roles": "admin|viewer", "Remote-Name": name,
			"X-WEBAUTH-USER": "eve", "X-WEBAUTH-ROLE": "Admin", "X-WEBAUTH-GROUPS": "admin|viewer", "X-WEBAUTH-FULLNAME": name,
			"X-Forwarded-User": "eve", "X-Forwarded-Groups": "admin|viewer", "X-Forwarded-Email": "eve@example.com",
			"X-Auth-Request-User": "eve", "X-Auth-Request-Groups": "admin|viewer", "X-Both": name + "%2Fadmin,viewer"} {
			if got.header(header) != want {
				t.Errorf("%s: %s is %q, want %q", p, header, got.header(header), want)
			}
		}
	}
}

// Handlers behind the gate may use who asks; in front of it and on public paths there is nobody.
func TestPlaceholdersTellWhoAsks(t *testing.T) {
	w := site(t, `gate {
		public /public
		allow user
	}
	header X-Who "{http.auth.user.id}|{http.auth.user.username}|{http.auth.user.email}|{http.auth.user.name}|{http.auth.user.roles}|{http.auth.user.attributes.plan}|{http.auth.user.methods}"
	route {
		respond "{http.auth.user.username}|{http.auth.user.email}|{http.auth.user.roles}|{http.auth.user.attributes.plan}|{http.auth.user.methods}"
	}`)
	ann := w.signedIn("ann", 0, "member")
	for _, p := range protos {
		if got := w.do(p, "GET", "/", "", ann.cookie(p)...).Body; got != "ann|ann@example.com|member|gold|password" {
			t.Errorf("%s: %q", p, got)
		}
		if got := w.do(p, "GET", "/public", "", ann.cookie(p)...).Body; got != "||||" {
			t.Errorf("%s public: %q", p, got)
		}
	}
}
