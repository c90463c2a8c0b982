package authportal

import (
	"context"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/store"
)

// brokenEnd is a session store that cannot end sessions.
type brokenEnd struct{ store.SessionStore }

func (*brokenEnd) EndSessionsOf(context.Context, string, string) (int, error) {
	return 0, store.ErrUnavailable
}

func (b *browser) sessions() []map[string]any {
	b.w.t.Helper()
	p := b.api("GET", aloneAPI+"sessions", "")
	p.wants(b.w.t, 200, `"sessions"`)
	var list []map[string]any
	for _, s := range p.json(b.w.t)["sessions"].([]any) {
		list = append(list, s.(map[string]any))
	}
	return list
}

func TestSessionListShowsPlaceDeviceAndTime(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.member("ann")
	w.pass(time.Minute)
	other := w.browser()
	other.addr = "2001:db8::7"
	r := other.apiRequest("POST", aloneAPI+"login", `{"login":"ann","password":"right","remember":true}`)
	r.Header.Set("User-Agent", "Lynx/2.9")
	other.onceDo(r).wants(t, 200, "signed_in")
	w.member("bob")

	list := b.sessions()
	if len(list) != 2 {
		t.Fatalf("%v", list)
	}
	newest, own := list[0], list[1]
	if newest["address"] != "2001:db8::7" || newest["device"] != "Lynx/2.9" ||
		newest["remembered"] != true || newest["current"] != false ||
		newest["created"] != "2026-11-23T12:01:00Z" || newest["host"] != "alone.example.org" {
		t.Errorf("%v", newest)
	}
	if own["current"] != true || own["address"] != "192.0.2.1" {
		t.Errorf("%v", own)
	}
	w.browser().api("GET", aloneAPI+"sessions", "").wants(t, 401, "login_required")
}

func TestEndingOneSessionLeavesTheOthers(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.member("ann")
	other := w.browser()
	other.enter("ann", "right")
	var id string
	for _, s := range b.sessions() {
		if s["current"] == false {
			id = s["id"].(string)
		}
	}
	p := b.api("DELETE", aloneAPI+"sessions/"+id, "")
	if p.StatusCode != 204 || p.body != "" {
		t.Errorf("%d %q", p.StatusCode, p.body)
	}
	if other.signedInAs() != "" || b.signedInAs() != "ann" {
		t.Errorf("other %q, own %q", other.signedInAs(), b.signedInAs())
	}
	b.api("DELETE", aloneAPI+"sessions/"+id, "").wants(t, 404, "not_found")
	wantEvents(t, w, audit.EventSessionEnd, "ok owner")
}

func TestAnotherUsersSessionIsNotFound(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.member("ann")
	eve, _ := w.member("eve")
	id := b.sessions()[0]["id"].(string)
	eve.api("DELETE", aloneAPI+"sessions/"+id, "").wants(t, 404, "not_found")
	eve.post(alone+"/account/sessions", values("id", id)).wants(t, 404, "problem_not_found")
	if b.signedInAs() != "ann" {
		t.Error("ended by another user")
	}
}

func TestEndingAllOthers(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.member("ann")
	one, two := w.browser(), w.browser()
	one.enter("ann", "right")
	two.enter("ann", "right")
	bob, _ := w.member("bob")
	b.api("DELETE", aloneAPI+"sessions", "").wants(t, 204, "")
	if one.signedInAs() != "" || two.signedInAs() != "" || b.signedInAs() != "ann" || bob.signedInAs() != "bob" {
		t.Errorf("%q %q %q %q", one.signedInAs(), two.signedInAs(), b.signedInAs(), bob.signedInAs())
	}
}

func TestSessionsEndByFormsToo(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.member("ann")
	other := w.browser()
	other.enter("ann", "right")
	b.post(alone+"/account/sessions", values("others", "1")).wants(t, 200, "done_sessions")
	if other.signedInAs() != "" {
		t.Error("the other session is still valid")
	}
	// Ending the current session is signing out.
	p := b.post(alone+"/account/sessions", values("id", b.sessions()[0]["id"].(string)))
	if p.url.Path != "/.gatehouse/login" || b.signedInAs() != "" || b.cookie(alone, "__Host-gatehouse") != "" {
		t.Errorf("led to %s, signed in as %q", p.url, b.signedInAs())
	}
}

// An attacker with the password could otherwise pile up more sessions than can be ended in time.
func TestSessionLimitKeepsTheSessionInUse(t *testing.T) {
	w, _ := newAccounts(t, func(c *Config) { c.Settings.Idle = 12 * time.Hour })
	ann, u := w.member("ann")
	bob, _ := w.member("bob")
	for i := range signin.MaxSessions + 20 {
		w.pass(time.Second)
		if i == signin.MaxSessions/2 {
			w.pass(signin.TouchAfter)
			if ann.signedInAs() != "ann" {
				t.Fatal("signed out")
			}
		}
		w.browser().enter("ann", "right")
	}
	list, err := w.cfg.Sessions.SessionsOf(t.Context(), u.ID)
	if err != nil || len(list) != signin.MaxSessions {
		t.Errorf("%d sign-ins (%v), want %d", len(list), err, signin.MaxSessions)
	}
	if ann.signedInAs() != "ann" || bob.signedInAs() != "bob" {
		t.Error("a session in use, or another user's, was ended")
	}
	if n := len(w.eventsOf(audit.EventSessionEnd)); n != 21 {
		t.Errorf("%d events, want 21", n)
	}
}
