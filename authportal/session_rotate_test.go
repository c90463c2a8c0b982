package authportal

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
)

// offered returns the Set-Cookie line of the session cookie in a response, or "".
func offered(p page) string {
	for _, line := range p.Header["Set-Cookie"] {
		if strings.HasPrefix(line, "__Host-gatehouse=") {
			return line
		}
	}
	return ""
}

func TestARememberedSessionChangesItsSecretDaily(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	b.signIn(b.get(solo+"/"), "ada", "right", "remember", "1").wants(t, 200, "hello")
	session := func() page { return b.api("GET", apiBase+"/session", "") }
	w.pass(11 * time.Hour)
	if got := offered(session()); got != "" {
		t.Errorf("after 11 hours: %s", got)
	}
	first := b.cookie(solo, "__Host-gatehouse")
	w.pass(2 * time.Hour)
	if got := offered(b.api("GET", apiBase+"/sessions", "")); got != "" {
		t.Errorf("by another address of the API: %s", got)
	}
	got := offered(session())
	left := int((30*24 - 13) * time.Hour / time.Second)
	if !strings.Contains(got, "; Max-Age="+strconv.Itoa(left)+";") {
		t.Errorf("after 13 hours: %q, want a secret for %d seconds", got, left)
	}
	second := b.cookie(solo, "__Host-gatehouse")
	if second == first {
		t.Fatal("the browser has the same secret")
	}
	late := w.browser()
	late.setCookie(solo, "__Host-gatehouse", first)
	if got := late.api("GET", apiBase+"/session", ""); offered(got) != "" || got.StatusCode != http.StatusOK {
		t.Errorf("the secret before, offered again: %d %q", got.StatusCode, offered(got))
	}
	session().wants(t, 200, "ada")
	w.pass(59 * time.Second)
	late.api("GET", apiBase+"/session", "").wants(t, 200, "ada")
	for range 4 { // day by day, on pages too
		w.pass(25 * time.Hour)
		if got := offered(b.get(solo + "/.gatehouse/account")); got == "" {
			t.Error("no secret after a day")
		}
		session().wants(t, 200, "ada")
	}
	if n := len(w.eventsOf(audit.EventSessionTheft)); n != 0 {
		t.Errorf("%d thefts", n)
	}
}

func TestAnOldSecretEndsTheSessionEverywhere(t *testing.T) {
	w := newWorld(t)
	u := w.user("ada")
	b := w.browser()
	b.signIn(b.get(solo+"/"), "ada", "right", "remember", "1").wants(t, 200, "hello")
	thief := w.browser()
	thief.setCookie(solo, "__Host-gatehouse", b.cookie(solo, "__Host-gatehouse"))
	w.pass(13 * time.Hour)
	b.api("GET", apiBase+"/session", "").wants(t, 200, "ada")
	b.api("GET", apiBase+"/session", "").wants(t, 200, "ada")
	w.pass(time.Minute)
	thief.api("GET", apiBase+"/session", "").wants(t, 401, "login_required")
	b.api("GET", apiBase+"/session", "").wants(t, 401, "login_required")
	if list, err := w.shop.SessionsOf(t.Context(), u.ID); err != nil || len(list) != 0 {
		t.Errorf("%d sign-ins are left (%v)", len(list), err)
	}
}

func TestASessionThatIsNotRememberedKeepsItsSecret(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	b.signIn(b.get(solo+"/"), "ada", "right").wants(t, 200, "hello")
	for range 24 {
		w.pass(29 * time.Minute)
		if got := offered(b.api("GET", apiBase+"/session", "")); got != "" {
			t.Fatal(got)
		}
	}
}

func TestARememberedSessionSignsInAgainForAFreshRule(t *testing.T) {
	w := newWorld(t)
	w.user("ada")
	b := w.browser()
	b.signIn(b.get(solo+"/"), "ada", "right", "remember", "1").wants(t, 200, "hello")
	w.pass(13 * time.Hour)
	b.api("GET", apiBase+"/session", "").wants(t, 200, "ada")
	at := b.get(solo + "/fresh?x=1")
	if at.url.Path != "/.gatehouse/login" {
		t.Fatalf("ended at %s: %s", at.url, at.body)
	}
	b.signIn(at, "ada", "right").wants(t, 200, "hello ada at "+mustURL(solo).Host+"/fresh?x=1")
}
