package authportal

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/selfservice"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
)

func (w *world) setupLink() string {
	w.t.Helper()
	token, needed, err := w.p.SelfService.SetupLink(w.t.Context())
	if err != nil || !needed || len(token) != 43 {
		w.t.Fatalf("%q, %v, %v", token, needed, err)
	}
	return token
}

func TestTheFirstAdministratorComesThroughTheLink(t *testing.T) {
	w, _ := newAccounts(t, withSignup(settings.SignupSettings{Mode: settings.SignupClosed}))
	token := w.setupLink()
	b := w.browser()
	for range 3 { // link scanners send GETs too
		b.get(alone+"/setup?token="+token).wants(t, 200, token)
	}
	b.post(alone+"/setup", values("token", token, "email", "root@example.com", "password", "correct horse", "name", "Root")).wants(t, 200, "account")
	u := w.account("root@example.com")
	if len(u.Roles) != 1 || u.Roles[0] != "admin" || !u.Confirmed || !u.Enabled {
		t.Errorf("%+v", u)
	}
	if b.signedInAs() != "root@example.com" {
		t.Error("not signed in")
	}
	wantEvents(t, w, audit.EventSetup, "ok")
	if strings.Contains(w.logs.String(), token) {
		t.Error("the token was logged here; only the host shows the link")
	}
	if _, needed, err := w.p.SelfService.SetupLink(t.Context()); needed || err != nil {
		t.Errorf("another link was made: %v, %v", needed, err)
	}
	w.browser().get(alone+"/setup?token="+token).wants(t, 404, "not_found")
	w.browser().post(alone+"/setup", values("token", token, "email", "eve@example.com", "password", "correct horse")).wants(t, 404, "not_found")
}

// A link that was made before there was an administrator is invalid afterwards.
func TestOldSetUpLinkIsInvalid(t *testing.T) {
	w, _ := newAccounts(t)
	one, two := w.setupLink(), w.setupLink()
	w.browser().post(alone+"/setup", values("token", one, "email", "root@example.com", "password", "correct horse")).wants(t, 200, "account")
	w.browser().post(alone+"/setup", values("token", two, "email", "eve@example.com", "password", "correct horse")).wants(t, 404, "")
	if w.count() != 1 {
		t.Errorf("%d accounts", w.count())
	}
}

func TestConcurrentSetUpsMakeOneAdministrator(t *testing.T) {
	for _, links := range []int{1, 2} {
		w, _ := newAccounts(t)
		tokens := []string{w.setupLink()}
		if links == 2 {
			tokens = append(tokens, w.setupLink())
		}
		var wg sync.WaitGroup
		var won atomic.Int64
		for i := range 16 {
			b := w.browser()
			wg.Go(func() {
				p := b.post(alone+"/setup", values("token", tokens[i%links], "email", string(rune('a'+i))+"@example.com", "password", "correct horse"))
				if p.StatusCode == 200 {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || w.count() != 1 {
			t.Errorf("with %d links: %d won, %d accounts", links, won.Load(), w.count())
		}
	}
}

// A set-up link that is forged, expired or of another purpose is refused.
func TestBadSetUpLinkIsRefused(t *testing.T) {
	w, _ := newAccounts(t)
	token := w.setupLink()
	for _, wrong := range []string{"", "x", token[1:], token + "A", strings.Repeat("A", 43), "ghk_" + token} {
		w.browser().post(alone+"/setup", values("token", wrong, "email", "eve@example.com", "password", "correct horse")).wants(t, 400, `"Expired":true`)
	}
	w.browser().get(alone+"/setup").wants(t, 400, `"Expired":true`)
	w.pass(time.Hour)
	w.browser().post(alone+"/setup", values("token", token, "email", "eve@example.com", "password", "correct horse")).wants(t, 400, `"Expired":true`)
	if w.count() != 0 {
		t.Errorf("%d accounts", w.count())
	}
	// A restart makes a new one.
	w.browser().post(alone+"/setup", values("token", w.setupLink(), "email", "root@example.com", "password", "correct horse")).wants(t, 200, "account")
}

func TestTypingErrorDoesNotSpendTheSetUpLink(t *testing.T) {
	w, _ := newAccounts(t)
	w.user("ann")
	token := w.setupLink()
	for _, c := range [][3]string{{"root@example.com", "short", "problem_password_not_acceptable"}, {"root@example.com", "", "problem_password_not_acceptable"},
		{"root", "correct horse", "problem_invalid_field"}, {"ann@example.com", "correct horse", "problem_user_exists"}} {
		p := w.browser().post(alone+"/setup", values("token", token, "email", c[0], "password", c[1]))
		if p.StatusCode < 400 || !strings.Contains(p.body, c[2]) || !strings.Contains(p.body, token) {
			t.Errorf("%q: %d %s", c, p.StatusCode, p.body)
		}
	}
	w.browser().post(alone+"/setup", values("token", token, "email", "root@example.com", "password", "correct horse", "roles", "editor")).wants(t, 422, "")
	w.browser().post(alone+"/setup", values("token", token, "email", "root@example.com", "password", "correct horse")).wants(t, 200, "account")
}

// Otherwise anyone could find out which addresses have an account (account enumeration).
func TestSetUpWithoutLinkHidesAccounts(t *testing.T) {
	w, _ := newAccounts(t, withSignup(settings.SignupSettings{Mode: settings.SignupClosed}))
	w.user("ann")
	w.setupLink()
	for _, login := range []string{"ann", "nobody"} {
		p := w.browser().post(alone+"/setup", values("token", strings.Repeat("A", 43), "email", login+"@example.com", "password", "correct horse"))
		if p.StatusCode != 400 || !strings.Contains(p.body, `"Expired":true`) || strings.Contains(p.body, "user_exists") {
			t.Errorf("%s: %d %s", login, p.StatusCode, p.body)
		}
	}
}

func TestAbandonedSetUpClaimExpires(t *testing.T) {
	w, _ := newAccounts(t)
	if _, err := w.p.SelfService.ClaimSetup(t.Context()); err != nil {
		t.Fatal(err)
	}
	token := w.setupLink()
	fields := values("token", token, "email", "root@example.com", "password", "correct horse")
	w.browser().post(alone+"/setup", fields).wants(t, 409, "problem_conflict")
	w.pass(selfservice.ClaimLife)
	w.browser().post(alone+"/setup", fields).wants(t, 200, "account")
}

func TestDisabledAdministratorDoesNotCount(t *testing.T) {
	w, _ := newAccounts(t)
	u := w.user("old")
	u.Roles, u.Enabled = []string{"admin"}, false
	if _, err := w.users.UpdateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	w.browser().post(alone+"/setup", values("token", w.setupLink(), "email", "root@example.com", "password", "correct horse")).wants(t, 200, "account")
}

func TestSetUpIsLimitedByAddress(t *testing.T) {
	w, _ := newAccounts(t, func(c *Config) { c.Settings.Address = settings.Limit{Count: 2, Window: time.Minute} })
	token := w.setupLink()
	for _, want := range []int{400, 400, 429} {
		w.browser().post(alone+"/setup", values("token", strings.Repeat("A", 43), "email", "e@example.com", "password", "correct horse")).wants(t, want, "")
	}
	w.pass(time.Minute)
	w.browser().post(alone+"/setup", values("token", token, "email", "root@example.com", "password", "correct horse")).wants(t, 200, "account")
}
