package gate

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-auth/gatehouse/store"
)

// everyIdentityHeader lists what docs/gate.md names, spelt as there.
var everyIdentityHeader = []string{
	"Remote-User", "Remote-User-Id", "Remote-Email", "Remote-Name", "Remote-Roles", "Remote-Groups",
	"X-WEBAUTH-USER", "X-WEBAUTH-EMAIL", "X-WEBAUTH-NAME", "X-WEBAUTH-FULLNAME", "X-WEBAUTH-GROUPS", "X-WEBAUTH-ROLE",
	"X-Forwarded-User", "X-Forwarded-Preferred-Username", "X-Forwarded-Email", "X-Forwarded-Groups",
	"X-Auth-Request-User", "X-Auth-Request-Preferred-Username", "X-Auth-Request-Email", "X-Auth-Request-Groups",
	"X-Original-URL", "X-Original-URI", "X-Original-Host", "X-Original-Method", "X-Rewrite-URL",
	"X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-Path", "X-Forwarded-Prefix", "X-Forwarded-Server",
	"X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override", "X-Host", "Forwarded",
	"X-Plan", "X-Gatehouse-Jwt",
}

func testWriter() *identityWriter {
	return newIdentityWriter([]string{"remote"}, ",", "", []ExtraHeader{{Name: "X-Plan", Value: "{http.auth.user.attributes.plan}"}}, "X-Gatehouse-Jwt")
}

func TestNoIdentityHeaderOfAClientPassesInAnySpelling(t *testing.T) {
	iw := testWriter()
	for _, name := range everyIdentityHeader {
		for _, spelling := range []string{name, strings.ToLower(name), strings.ToUpper(name),
			strings.ReplaceAll(name, "-", "_"), strings.ReplaceAll(name, "-", "."), strings.Replace(name, "-", "_", 1),
			http.CanonicalHeaderKey(strings.ReplaceAll(name, "-", "_"))} {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header[spelling] = []string{"mallory", "mallory"}
			r.Header["Accept"] = []string{"*/*"}
			iw.strip(r)
			if len(r.Header) != 1 || r.Header["Accept"] == nil {
				t.Errorf("%s: left %v", spelling, r.Header)
			}
		}
	}
}

func TestHeadersThatOnlyLookAlikeStay(t *testing.T) {
	iw := testWriter()
	r := httptest.NewRequest("GET", "/", nil)
	for _, name := range []string{"Remote-Users", "Remote", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Remoteuser", "X-Plans"} {
		r.Header.Set(name, "kept")
	}
	n := len(r.Header)
	iw.strip(r)
	if len(r.Header) != n {
		t.Errorf("left only %v", r.Header)
	}
}

// reverse_proxy deletes what Connection names after the gate has written its headers: a client could lose its identity, or,
// worse, fall back to a header that the upstream trusts next.
func TestConnectionCannotNameIdentityHeaders(t *testing.T) {
	iw := testWriter()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header = http.Header{"Cookie": {"a=1"}, "X-Custom": {"1"}, "Connection": {"keep-alive, Remote-User", "remote_roles,X-Custom, X-Later", "close", "Cookie"}}
	iw.strip(r)
	if got := strings.Join(r.Header["Connection"], "|"); got != "keep-alive, close" {
		t.Errorf("Connection: %q", got)
	}
	if r.Header["Cookie"] == nil || r.Header["X-Custom"] != nil {
		t.Errorf("left %v", r.Header)
	}
}

func TestTrailersCarryNoIdentity(t *testing.T) {
	iw := testWriter()
	r := httptest.NewRequest("POST", "/", strings.NewReader("body"))
	r.Trailer = http.Header{"Remote-User": nil, "X-Checksum": nil}
	iw.strip(r)
	if _, declared := r.Trailer["Remote-User"]; declared {
		t.Error("a declared identity trailer stays")
	}
	// net/http fills trailers in when the body ends, declared or not
	r.Trailer["Remote_user"] = []string{"mallory"}
	r.Trailer["X-Checksum"] = []string{"1"}
	if _, err := io.ReadAll(r.Body); err != nil {
		t.Fatal(err)
	}
	if len(r.Trailer) != 1 || r.Trailer.Get("X-Checksum") != "1" {
		t.Errorf("trailers: %v", r.Trailer)
	}
}

func testIdentity(iw *identityWriter, id store.Identity, roles ...string) *identity {
	prepared := &identity{live: &store.ActiveSession{Identity: id}, roles: roles}
	prepared.provider = prepared.placeholder
	for _, f := range iw.fields {
		prepared.values = append(prepared.values, f.value(&id, roles, iw.separator, iw.encoding))
	}
	return prepared
}

// writeTo does what a gate does once it has an identity.
func writeTo(iw *identityWriter, r *http.Request, id *identity) {
	replacerOf(r).Map(id.provider)
	iw.write(r, id)
}

func withReplacer(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), caddy.ReplacerCtxKey, caddy.NewReplacer()))
}

func TestHeadersSayWhoAsks(t *testing.T) {
	iw := testWriter()
	r := withReplacer(httptest.NewRequest("GET", "/", nil))
	r.Header = http.Header{}
	writeTo(iw, r, testIdentity(iw, store.Identity{UserID: "id1", Username: "ann", Email: "ann@example.com", Name: "Ann",
		Attributes: map[string]any{"plan": "gold"}}, "admin", "editor"))
	want := map[string]string{"Remote-User": "ann", "Remote-User-Id": "id1", "Remote-Email": "ann@example.com", "Remote-Name": "Ann",
		"Remote-Roles": "admin,editor", "Remote-Groups": "admin,editor", "X-Plan": "gold"}
	for name, value := range want {
		if got := r.Header[name]; len(got) != 1 || got[0] != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	if len(r.Header) != len(want) {
		t.Errorf("more than was asked for: %v", r.Header)
	}
}

func TestWhatIsUnknownIsAbsentAndNotEmpty(t *testing.T) {
	iw := testWriter()
	r := withReplacer(httptest.NewRequest("GET", "/", nil))
	r.Header = http.Header{}
	writeTo(iw, r, testIdentity(iw, store.Identity{UserID: "id1", Username: "ann"}))
	if len(r.Header) != 2 || r.Header.Get("Remote-User") != "ann" || r.Header.Get("Remote-User-Id") != "id1" {
		t.Errorf("headers: %v", r.Header)
	}
}

// A later handler may replace header values in place (`header` with a regular expression does): the next request of the
// same session must not see it.
func TestAHeaderChangedInPlaceChangesOneRequestOnly(t *testing.T) {
	iw := testWriter()
	id := testIdentity(iw, store.Identity{UserID: "id1", Username: "ann"})
	first, second := withReplacer(httptest.NewRequest("GET", "/", nil)), withReplacer(httptest.NewRequest("GET", "/", nil))
	writeTo(iw, first, id)
	first.Header["Remote-User"][0] = "mallory"
	_ = append(first.Header["Remote-User"], "mallory")
	writeTo(iw, second, id)
	if second.Header.Get("Remote-User") != "ann" || second.Header.Get("Remote-User-Id") != "id1" {
		t.Errorf("headers: %v", second.Header)
	}
}

func TestUserDataIsNoPlaceholderAndNoHeaderSyntax(t *testing.T) {
	iw := testWriter()
	r := withReplacer(httptest.NewRequest("GET", "/", nil))
	r.Header = http.Header{}
	writeTo(iw, r, testIdentity(iw, store.Identity{UserID: "id1", Username: "ann", Name: "{env.HOME}\r\nRemote-Roles: admin",
		Attributes: map[string]any{"plan": "{env.PATH}\n"}}))
	if got := r.Header.Get("Remote-Name"); got != "{env.HOME}Remote-Roles: admin" {
		t.Errorf("Remote-Name: %q", got)
	}
	if got := r.Header.Get("X-Plan"); got != "{env.PATH}" {
		t.Errorf("X-Plan: %q", got)
	}
}

func TestEncodings(t *testing.T) {
	id := store.Identity{Username: "zoë", Name: "Zoë Ω"}
	for enc, want := range map[HeaderEncoding]string{"": "Zoë Ω", "utf8": "Zoë Ω", "percent": "Zo%C3%AB%20%CE%A9", "mime": "=?utf-8?q?Zo=C3=AB_=CE=A9?="} {
		if got := fieldFullName.value(&id, nil, ",", enc); got != want {
			t.Errorf("%s: %q, want %q", enc, got, want)
		}
	}
}

func TestWebauthRoleIsTheHighestThatGrafanaKnows(t *testing.T) {
	for _, c := range []struct {
		roles []string
		want  string
	}{{nil, ""}, {[]string{"member"}, ""}, {[]string{"viewer", "EDITOR"}, "Editor"}, {[]string{"admin", "viewer"}, "Admin"}, {[]string{"Viewer"}, "Viewer"}} {
		if got := highestRole(c.roles); got != c.want {
			t.Errorf("%v: %q, want %q", c.roles, got, c.want)
		}
	}
}

func TestEveryPresetHeaderIsCanonical(t *testing.T) {
	for preset, headers := range presets {
		for _, h := range headers {
			if http.CanonicalHeaderKey(h.name) != h.name {
				t.Errorf("%s: %s is not how net/http keeps it", preset, h.name)
			}
			if !slices.ContainsFunc(everyIdentityHeader, func(s string) bool { return strings.EqualFold(s, h.name) }) {
				t.Errorf("%s: %s is missing from this test's list", preset, h.name)
			}
		}
	}
}
