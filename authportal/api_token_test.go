package authportal

import (
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

func (w *world) token(u store.User, data string, expires time.Time) string {
	w.t.Helper()
	b, err := accounts.NewID(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	token := signin.TokenPrefix + b + b
	err = w.users.PutCredential(w.t.Context(),
		store.Credential{Kind: store.KindAPIToken, ID: signin.TokenID(token), Owner: u.ID, Label: "ci",
			Data: []byte(data), Created: w.clock(), Expires: expires})
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

func TestATokenSpeaksForItsOwnerWithNoMoreThanItsRoles(t *testing.T) {
	w := newWorld(t)
	u := w.user("ada")
	u.Roles = []string{"admin", "member"}
	u, err := w.users.UpdateUser(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	for data, want := range map[string]string{
		`{}`: "admin,member", `{"roles":null}`: "admin,member", `{"roles":[]}`: "", `{"roles":["editor"]}`: "editor",
		`{"roles":["root","member"]}`: "member",
	} {
		l, err := w.p.SignIn.CheckToken(t.Context(), w.token(u, data, time.Time{}))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(l.Identity.Roles, ","); got != want || l.Identity.UserID != u.ID {
			t.Errorf("%s: %q, want %q", data, got, want)
		}
		if w.p.SignIn.Meets(&l.Session, web.Demand{Fresh: time.Hour}) ||
			w.p.SignIn.Meets(&l.Session, web.Demand{MFA: true}) {
			t.Error("a token counts as a fresh sign-in or a second factor")
		}
	}
}

// An invalid token is answered with 401, an outage of the store is not.
func TestBadTokenIsRefusedButAnOutageIsNot(t *testing.T) {
	w := newWorld(t)
	u := w.user("ada")
	good := w.token(u, `{}`, w.clock().Add(time.Hour))
	invalid := func(token string) {
		t.Helper()
		if _, err := w.p.SignIn.CheckToken(t.Context(), token); !errors.Is(err, problem.InvalidToken) {
			t.Errorf("%.12q: %v", token, err)
		}
	}
	for _, token := range []string{"", "ghk_", "ghk_unknown", strings.ToUpper(good), good + "x", good[4:],
		signin.TokenPrefix + strings.Repeat("a", 5000)} {
		invalid(token)
	}
	_, err := w.p.SignIn.CheckToken(t.Context(), w.token(u, `not json`, time.Time{}))
	if err == nil || errors.Is(err, problem.InvalidToken) {
		t.Errorf("unreadable limits: %v", err)
	}
	w.users.(*flakyUsers).down.Store(true)
	if _, err := w.p.SignIn.CheckToken(t.Context(), good); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("outage: %v", err)
	}
	w.users.(*flakyUsers).down.Store(false)
	if _, err := w.p.SignIn.CheckToken(t.Context(), good); err != nil {
		t.Error(err)
	}
	w.pass(time.Hour)
	invalid(good)
	last := w.token(u, `{}`, time.Time{})
	u.Enabled = false
	if _, err := w.users.UpdateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	invalid(last)
}

func TestATokenOnTheAPIIsJudgedBeforeTheCookie(t *testing.T) {
	w := newWorld(t)
	u := w.user("ada")
	b := w.browser()
	b.tryLogin("ada", "right")
	with := func(method, path, auth string) page {
		r := b.apiRequest(method, apiBase+path, "{}")
		r.Header.Set("Authorization", auth)
		return b.onceDo(r)
	}
	if p := with("GET", "/session", "Bearer ghk_revoked"); p.StatusCode != 401 || p.code() != "invalid_token" {
		t.Errorf("a bad token beside a good cookie: %d %s", p.StatusCode, p.body)
	}
	with("GET", "/session", "Bearer "+w.token(u, "{}", time.Time{})).wants(t, 200, `"methods":["api_token"]`)
	if p := with("POST", "/logout", "Bearer "+w.token(u, "{}", time.Time{})); p.StatusCode != 403 {
		t.Errorf("a token signs out: %d", p.StatusCode)
	}
	with("GET", "/session", "Bearer of another service").wants(t, 200, `"methods":["password"]`)
}

// Otherwise a revoked token that only the gate recognizes would be ignored here, and the cookie would count instead.
func TestATokenIsReadOnTheAPIAsTheGateReadsIt(t *testing.T) {
	w := newWorld(t)
	u := w.user("ada")
	b := w.browser()
	b.tryLogin("ada", "right")
	good, other := w.token(u, "{}", time.Time{}), w.token(u, "{}", time.Time{})
	password := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte("ada:"+s)) }
	with := func(basic bool, lines ...string) page {
		for _, s := range w.sites {
			s.Basic = basic
		}
		r := b.apiRequest("GET", apiBase+"/session", "")
		r.Header["Authorization"] = lines
		return b.onceDo(r)
	}
	for _, lines := range [][]string{{"Bearer\tghk_revoked"}, {"bearer  ghk_revoked"},
		{"Bearer another", "Bearer ghk_revoked"},
		{"Bearer " + good, "Bearer " + other}} {
		with(false, lines...).wants(t, 401, "invalid_token")
	}
	with(false, "Basic another", "Bearer "+good).wants(t, 200, `"methods":["api_token"]`)
	with(false, password("ghk_revoked")).wants(t, 200, `"methods":["password"]`)
	with(true, password(good)).wants(t, 200, `"methods":["api_token"]`)
	p := with(true, password("ghk_revoked"))
	p.wants(t, 401, "invalid_token")
	if offered := p.Header["Www-Authenticate"]; len(offered) != 1 || strings.Contains(offered[0], "Basic") {
		t.Errorf("a browser is offered %s", offered)
	}
	r := b.apiRequest("GET", apiBase+"/session", "")
	r.Header.Del("Sec-Fetch-Site")
	r.Header.Set("Authorization", password("ghk_revoked"))
	offered := strings.Join(b.onceDo(r).Header["Www-Authenticate"], ", ")
	if offered != `Bearer realm="gatehouse", Basic realm="gatehouse"` {
		t.Errorf("an API client is offered %s", offered)
	}
}

func TestASignedIdentityCanBeVerifiedByItsKeySet(t *testing.T) {
	w := newWorld(t)
	u := w.user("ada")
	b := w.browser()
	b.signIn(b.get(app+"/"), "ada", "right")
	key, ok := web.SessionKey(requestWithCookies("__Host-gatehouse="+b.cookie(app, "__Host-gatehouse")), true)
	l, err := w.shop.Session(t.Context(), key)
	if err != nil || !ok {
		t.Fatal(err)
	}
	v := &web.Visit{Site: w.sites["app.example.com"], Host: "app.example.com", Base: "/.gatehouse"}
	token, err := w.p.SignIn.SignIdentity(v, &l)
	if err != nil {
		t.Fatal(err)
	}
	p := b.once(app + "/.gatehouse/jwks.json")
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(p.body), &set); err != nil || p.StatusCode != 200 {
		t.Fatalf("%d %s: %v", p.StatusCode, p.body, err)
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := set.Keys[0].Key.(*ecdsa.PublicKey); !ok || strings.Contains(p.body, `"d"`) {
		t.Fatalf("the key set holds more than public keys: %s", p.body)
	}
	var std jwt.Claims
	var own struct {
		Email    string   `json:"email"`
		Roles    []string `json:"roles"`
		AMR      []string `json:"amr"`
		AuthTime int64    `json:"auth_time"`
	}
	if err := parsed.Claims(set.Key(parsed.Headers[0].KeyID)[0], &std, &own); err != nil {
		t.Fatal(err)
	}
	if std.Issuer != "https://auth.example.com" || len(std.Audience) != 1 || std.Audience[0] != "app.example.com" ||
		std.Subject != u.ID || std.Expiry.Time().Sub(w.clock()) > 5*time.Minute || own.Email != "ada@example.com" ||
		own.AMR[0] != "password" || own.AuthTime != w.clock().Unix() {
		t.Errorf("claims %+v %+v", std, own)
	}
	if again, err := w.p.SignIn.SignIdentity(v, &l); err != nil || again != token {
		t.Error("signed once more within the minute")
	}
	w.pass(61 * time.Second)
	if again, err := w.p.SignIn.SignIdentity(v, &l); err != nil || again == token {
		t.Error("the same after a minute")
	}
	l.Identity.Version++
	l.Identity.Roles = []string{"admin"}
	changed, err := w.p.SignIn.SignIdentity(v, &l)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err = jwt.ParseSigned(changed, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.Claims(set.Keys[0], &own); err != nil || strings.Join(own.Roles, ",") != "admin,editor" {
		t.Errorf("roles %v (%v) after a change", own.Roles, err)
	}
	if got := w.browser().once(shop + "/.gatehouse/jwks.json"); got.StatusCode != 404 {
		t.Errorf("keys on a site without signed identities: %d", got.StatusCode)
	}
}

func requestWithCookies(lines ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header["Cookie"] = lines
	return r
}
