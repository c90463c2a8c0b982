package authportal

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/store"
)

const newPassword = `{"current":"right","password":"correct horse"}`

// A new password ends every other session and gives this one a new secret.
func TestNewPasswordEndsOtherSessions(t *testing.T) {
	w, _ := newAccounts(t)
	b, u := w.member("ann")
	other := w.browser()
	other.enter("ann", "right")
	before := b.cookie(alone, "__Host-gatehouse")
	p := b.api("POST", aloneAPI+"password/change", newPassword)
	if p.StatusCode != 200 || p.body != `{"status":"changed"}`+"\n" {
		t.Fatalf("%d %s", p.StatusCode, p.body)
	}
	if b.signedInAs() != "ann" {
		t.Error("the browser that changed the password is signed out")
	}
	if b.cookie(alone, "__Host-gatehouse") == before {
		t.Error("the session has its old secret")
	}
	thief := w.browser()
	thief.setCookie(alone, "__Host-gatehouse", before)
	if thief.signedInAs() != "" {
		t.Error("a copy of the old cookie is still valid")
	}
	if other.signedInAs() != "" {
		t.Error("the other session is still valid")
	}
	w.browser().api("POST", aloneAPI+"login", `{"login":"ann","password":"right"}`).wants(t, 401, "invalid_credentials")
	w.browser().enter("ann", "correct horse")
	wantEvents(t, w, audit.EventPasswordChange, "ok")
	if list, _ := w.cfg.Sessions.SessionsOf(t.Context(), u.ID); len(list) != 2 {
		t.Errorf("%d sessions", len(list))
	}
}

// A password change requires the present password, and guesses at it are counted.
func TestPasswordChangeChecksThePresentPassword(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.member("ann")
	b.api("POST", aloneAPI+"password/change", `{"current":"right","password":"short"}`).wants(t, 422, `"reason":"too_short"`)
	for range 10 {
		b.api("POST", aloneAPI+"password/change", `{"current":"wrong","password":"correct horse"}`).wants(t, 401, "invalid_credentials")
	}
	b.api("POST", aloneAPI+"password/change", newPassword).wants(t, 429, "too_many_attempts")
	if b.signedInAs() != "ann" {
		t.Error("a wrong password signs out")
	}
	w.pass(15 * time.Minute)
	b.api("POST", aloneAPI+"password/change", newPassword).wants(t, 200, "changed")
	w.browser().api("POST", aloneAPI+"password/change", newPassword).wants(t, 401, "login_required")
}

func TestPasswordFormOnTheAccountPage(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.member("ann")
	b.post(alone+"/account/password", values("current", "wrong", "password", "correct horse")).wants(t, 401, "problem_invalid_credentials")
	b.post(alone+"/account/password", values("current", "right", "password", "short")).wants(t, 422, "problem_password_not_acceptable")
	b.post(alone+"/account/password", values("current", "right", "password", "correct horse")).wants(t, 200, "done_password")
	if b.signedInAs() != "ann" {
		t.Error("signed out")
	}
}

func TestConcurrentPasswordChangesSucceedOnce(t *testing.T) {
	w, _ := newAccounts(t)
	_, _ = w.member("ann")
	var wg sync.WaitGroup
	var won atomic.Int64
	browsers := make([]*browser, 8)
	for i := range browsers {
		browsers[i] = w.browser()
		browsers[i].enter("ann", "right")
	}
	for _, b := range browsers {
		wg.Go(func() {
			p := b.patient("POST", aloneAPI+"password/change", newPassword)
			switch p.StatusCode {
			case 200:
				won.Add(1)
			case 401: // the password has changed, or the session has ended
			default:
				t.Errorf("%d %s", p.StatusCode, p.body)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d changes with one old password", won.Load())
	}
}

// The check renews the hash if its settings changed. That is no conflict, but the new hash must be checked again.
func TestRenewedHashIsCheckedAgain(t *testing.T) {
	w, k := newAccounts(t)
	b, u := w.member("ann")
	once := sync.OnceFunc(func() {
		c, err := w.users.Credential(t.Context(), store.KindPassword, u.ID)
		if err == nil {
			err = w.users.SwapCredential(t.Context(), c)
		}
		if err != nil {
			t.Error(err)
		}
	})
	k.checked = once
	b.api("POST", aloneAPI+"password/change", newPassword).wants(t, 200, "changed")
	w.browser().enter("ann", "correct horse")
}

// If an administrator changes the password in the meantime, that change is kept.
func TestAdministratorsPasswordChangeWins(t *testing.T) {
	w, k := newAccounts(t)
	b, u := w.member("ann")
	k.checked = sync.OnceFunc(func() {
		next := "set by an administrator"
		if _, err := w.p.Accounts().Set(t.Context(), accounts.Actor{ID: "command line"}, u.ID, accounts.UserChange{Password: &next}); err != nil {
			t.Error(err)
		}
	})
	b.api("POST", aloneAPI+"password/change", newPassword).wants(t, 401, "invalid_credentials")
	w.browser().enter("ann", "set by an administrator")
}

func TestPasswordStaysIfSessionsCannotEnd(t *testing.T) {
	w, _ := newAccounts(t, func(c *Config) { c.Sessions = &brokenEnd{SessionStore: c.Sessions} })
	_, u := w.member("ann")
	a := w.p.Accounts()
	next := "correct horse"
	if _, err := a.Set(t.Context(), accounts.Actor{}, u.ID, accounts.UserChange{Password: &next}); err == nil {
		t.Error("no error although sessions of the old password are still valid")
	}
	w.browser().enter("ann", "right")
}
