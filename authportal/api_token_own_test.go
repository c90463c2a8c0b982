package authportal

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/selfservice"
	"github.com/gatehouse-auth/gatehouse/store"
)

// byToken requests the session that a token speaks for.
func (w *world) byToken(token string) page {
	w.t.Helper()
	b := w.browser()
	r := b.apiRequest("GET", aloneAPI+"session", "")
	r.Header.Set("Authorization", "Bearer "+token)
	return b.onceDo(r)
}

func TestTokenIsShownOnceAndActsForItsOwner(t *testing.T) {
	w, _ := newAccounts(t)
	b, u := w.member("ann")
	p := b.api("POST", aloneAPI+"tokens", `{"name":" backup ","expires":"2027-01-01T00:00:00Z"}`)
	answer := p.json(t)
	token, _ := answer["token"].(string)
	if p.StatusCode != http.StatusCreated || !strings.HasPrefix(token, "ghk_") || len(token) != 4+43 ||
		answer["name"] != "backup" {
		t.Fatalf("%d %s", p.StatusCode, p.body)
	}
	id := answer["id"].(string)
	list := `{"tokens":[{"created":"2026-11-23T12:00:00Z","expires":"2027-01-01T00:00:00Z",` +
		`"id":"` + id + `","name":"backup"}]}` + "\n"
	if got := b.api("GET", aloneAPI+"tokens", ""); got.body != list {
		t.Errorf("%s", got.body)
	}
	w.byToken(token).wants(t, 200, u.ID)
	w.browser().api("GET", aloneAPI+"tokens", "").wants(t, 401, "login_required")
	creds, err := w.users.CredentialsOf(t.Context(), u.ID, store.KindAPIToken)
	if err != nil || len(creds) != 1 || strings.Contains(string(creds[0].Data)+creds[0].ID, token[4:]) {
		t.Errorf("%v, %v", creds, err)
	}
	b.api("DELETE", aloneAPI+"tokens/"+id, "").wants(t, 204, "")
	w.byToken(token).wants(t, 401, "invalid_token")
	b.api("DELETE", aloneAPI+"tokens/"+id, "").wants(t, 404, "not_found")
	wantEvents(t, w, audit.EventTokenCreate, "ok")
	wantEvents(t, w, audit.EventTokenDelete, "ok")
}

func TestATokenExpires(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.member("ann")
	token := b.api("POST", aloneAPI+"tokens", `{"name":"x","expires":"2026-11-24"}`).json(t)["token"].(string)
	w.pass(12*time.Hour - time.Second)
	w.byToken(token).wants(t, 200, "")
	w.pass(time.Second)
	w.byToken(token).wants(t, 401, "invalid_token")
}

func TestTokenCannotExceedItsOwnersRoles(t *testing.T) {
	w, _ := newAccounts(t)
	b, u := w.member("ann")
	set := func(roles ...string) {
		t.Helper()
		if _, err := w.p.Accounts().Set(t.Context(), accounts.Actor{}, u.ID,
			accounts.UserChange{Roles: &roles}); err != nil {
			t.Fatal(err)
		}
	}
	set("editor", "writer")
	for _, body := range []string{`{"name":"x","roles":["admin"]}`, `{"name":"x","roles":["editor","admin"]}`,
		`{"name":"x","roles":["EDITOR"]}`, `{"name":"x","roles":"editor"}`} {
		b.api("POST", aloneAPI+"tokens", body).wants(t, 422, `"field":"roles"`)
	}
	limited := b.api("POST", aloneAPI+"tokens", `{"name":"x","roles":["writer"]}`).json(t)["token"].(string)
	none := b.api("POST", aloneAPI+"tokens", `{"name":"x","roles":[]}`).json(t)["token"].(string)
	all := b.api("POST", aloneAPI+"tokens", `{"name":"x"}`).json(t)["token"].(string)
	w.byToken(limited).wants(t, 200, `"roles":["writer"]`)
	w.byToken(none).wants(t, 200, `"roles":[]`)
	w.byToken(all).wants(t, 200, `"roles":["editor","writer"]`)
	// A role taken from the owner is taken from the token. A role given later is not given to a limited token.
	set("editor", "poet")
	w.byToken(limited).wants(t, 200, `"roles":[]`)
	w.byToken(all).wants(t, 200, `"roles":["editor","poet"]`)
	// A token may have a role that a held role includes.
	set("admin")
	b.api("POST", aloneAPI+"tokens", `{"name":"x","roles":["editor"]}`).wants(t, 201, "ghk_")
}

func TestTokenNeedsRecentLoginAndIsNone(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.member("ann")
	token := b.api("POST", aloneAPI+"tokens", `{"name":"x"}`).json(t)["token"].(string)
	w.pass(10 * time.Minute)
	b.api("POST", aloneAPI+"tokens", `{"name":"y"}`).wants(t, 403, "fresh_login_required")
	if p := b.post(alone+"/account/tokens", values("name", "y")); p.url.Path != "/.gatehouse/login" {
		t.Errorf("the form leads to %s", p.url)
	}
	b.enter("ann", "right")
	b.api("POST", aloneAPI+"tokens", `{"name":"y"}`).wants(t, 201, "ghk_")
	// A token cannot create tokens, change the password or end sessions.
	for _, c := range [][3]string{{"POST", "tokens", `{"name":"z"}`}, {"POST", "password/change", newPassword},
		{"DELETE", "sessions", ""}, {"PATCH", "account", `{"name":"z"}`}} {
		r := w.browser().apiRequest(c[0], aloneAPI+c[1], c[2])
		r.Header.Set("Authorization", "Bearer "+token)
		w.browser().onceDo(r).wants(t, 403, "forbidden")
	}
}

func TestInvalidTokenRequests(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.member("ann")
	for body, field := range map[string]string{
		`{}`: "name", `{"name":" "}`: "name", `{"name":1}`: "name",
		`{"name":"` + strings.Repeat("x", 201) + `"}`:   "name",
		`{"name":"x","expires":"2026-11-23T12:00:00Z"}`: "expires", `{"name":"x","expires":"soon"}`: "expires",
		`{"name":"x","expires":7}`:   "expires",
		`{"name":"x","owner":"bob"}`: "owner", `{"name":"x","token":"ghk_chosen"}`: "token",
	} {
		b.api("POST", aloneAPI+"tokens", body).wants(t, 422, `"field":"`+field+`"`)
	}
	eve, _ := w.member("eve")
	id := b.api("POST", aloneAPI+"tokens", `{"name":"x"}`).json(t)["id"].(string)
	eve.api("DELETE", aloneAPI+"tokens/"+id, "").wants(t, 404, "not_found")
	eve.post(alone+"/account/tokens/delete", values("id", id)).wants(t, 404, "problem_not_found")
	for range selfservice.MaxTokens - 1 {
		b.api("POST", aloneAPI+"tokens", `{"name":"x"}`)
	}
	b.api("POST", aloneAPI+"tokens", `{"name":"x"}`).wants(t, 409, "limit_reached")
}

func TestTokensByForms(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.member("ann")
	b.post(alone+"/account/tokens", values("name", "")).wants(t, 422, "problem_invalid_field")
	p := b.post(alone+"/account/tokens", values("name", "backup", "expires", ""))
	p.wants(t, 200, `"NewToken":"ghk_`)
	if again := b.get(alone + "/account"); strings.Contains(again.body, "ghk_") {
		t.Error("the token is shown again")
	}
	id := b.api("GET", aloneAPI+"tokens", "").json(t)["tokens"].([]any)[0].(map[string]any)["id"].(string)
	b.post(alone+"/account/tokens/delete", values("id", id)).wants(t, 200, "done_token_deleted")
}
