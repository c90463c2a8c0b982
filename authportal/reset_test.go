package authportal

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/store"
)

// forgot requests a reset link for ann's account and returns its token.
func (w *world) forgot(box *postbox) string {
	w.t.Helper()
	w.browser().api("POST", aloneAPI+"password/forgot", `{"email":"ANN@example.com"}`).wants(w.t, 202, `{"status":"sent"}`)
	return box.one(w, "reset", "ann@example.com").token(w.t)
}

func resetWith(token, password string) string {
	return jsonOf(map[string]string{"token": token, "password": password})
}

func TestResetEndsSessionsAndNotifiesOwner(t *testing.T) {
	w, box := mailWorld(t)
	b, u := w.member("ann")
	known := b.cookie(alone, "__Host-gatehouse-known")
	if known == "" {
		t.Fatal("the browser has no device cookie")
	}
	token := w.forgot(box)
	fresh := w.browser()
	for range 3 { // a mail scanner does not spend the link
		w.browser().get(alone+"/reset?token="+token).wants(t, 200, `"Account":"ann@example.com"`)
	}
	fresh.post(alone+"/reset", values("token", token, "login", "ann@example.com", "password", "short")).wants(t, 422, "problem_password_not_acceptable")
	fresh.post(alone+"/reset", values("token", token, "login", "ann@example.com", "password", "correct horse")).wants(t, 200, `"Done":true`)
	if fresh.signedInAs() != "" {
		t.Error("the link signs in")
	}
	if b.signedInAs() != "" {
		t.Error("an older session is still valid")
	}
	if marks, _ := w.users.CredentialsOf(t.Context(), u.ID, store.KindKnownBrowser); len(marks) != 0 {
		t.Error("an older device cookie is still valid")
	}
	box.one(w, "password_changed", "ann@example.com")
	w.browser().api("POST", aloneAPI+"login", `{"login":"ann","password":"right"}`).wants(t, 401, "invalid_credentials")
	fresh.enter("ann", "correct horse")
	fresh.api("POST", aloneAPI+"password/reset", resetWith(token, "another password")).wants(t, 400, `"code":"invalid_token"`)
	wantEvents(t, w, audit.EventPasswordChange, "refused password_not_acceptable", "ok reset by mail", "refused invalid_token")
}

// A reset link is bound to one account and one password, and expires after half an hour.
func TestResetLinkIsBoundAndExpires(t *testing.T) {
	w, box := mailWorld(t)
	b, _ := w.member("ann")
	w.user("bob")
	reset := func(token string) page {
		return w.browser().api("POST", aloneAPI+"password/reset", resetWith(token, "correct horse"))
	}
	late := w.forgot(box)
	w.pass(message.ResetLife)
	reset(late).wants(t, 400, "invalid_token")
	// The label of another link does not change the account of this one.
	w.browser().api("POST", aloneAPI+"password/forgot", `{"email":"bob@example.com"}`)
	of := box.one(w, "reset", "bob@example.com").token(t)
	head, _, _ := strings.Cut(w.forgot(box), ".")
	_, label, _ := strings.Cut(of, ".")
	reset(head+"."+label).wants(t, 400, "invalid_token")
	// Any password change invalidates all reset links.
	one, two := w.forgot(box), w.forgot(box)
	b.enter("ann", "right") // the session expired
	b.api("POST", aloneAPI+"password/change", newPassword).wants(t, 200, "changed")
	box.one(w, "password_changed", "ann@example.com")
	reset(one).wants(t, 400, "invalid_token")
	reset(two).wants(t, 400, "invalid_token")
	one, two = w.forgot(box), w.forgot(box)
	reset(one).wants(t, 200, "changed")
	reset(two).wants(t, 400, "invalid_token")
	box.take()
	// A confirmation link does not reset a password.
	w.browser().api("POST", aloneAPI+"email/confirm", jsonOf(map[string]string{"token": w.forgot(box)})).wants(t, 400, "invalid_token")
	gone := w.forgot(box)
	u := w.account("ann@example.com")
	u.Email = "ann@example.net"
	if _, err := w.users.UpdateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	reset(gone).wants(t, 400, "invalid_token")
}

func TestConcurrentResetsByOneLinkSucceedOnce(t *testing.T) {
	w, box := mailWorld(t)
	w.user("ann")
	token := w.forgot(box)
	var wg sync.WaitGroup
	codes := make([]int, 10)
	for i := range codes {
		b := w.browser()
		wg.Go(func() {
			codes[i] = b.api("POST", aloneAPI+"password/reset", resetWith(token, "password number "+string(rune('0'+i)))).StatusCode
		})
	}
	wg.Wait()
	winner := -1
	for i, code := range codes {
		if code == 200 && winner >= 0 || code != 200 && code != 400 {
			t.Errorf("codes %v", codes)
		} else if code == 200 {
			winner = i
		}
	}
	w.browser().enter("ann", "password number "+string(rune('0'+winner)))
}

func TestResetDoesNotSkipTheSecondFactor(t *testing.T) {
	w, box := mailWorld(t, func(c *Config) {
		c.Methods = append(c.Methods, method.Configured{Name: "pin", Method: &pin{enrolled: true}, Second: true})
	})
	w.user("ann")
	b := w.browser()
	b.api("POST", aloneAPI+"password/reset", resetWith(w.forgot(box), "correct horse")).wants(t, 200, "changed")
	b.api("POST", aloneAPI+"login", `{"login":"ann","password":"correct horse"}`).wants(t, 200, "second_factor")
	if b.signedInAs() != "" {
		t.Error("signed in without it")
	}
}

// The first proof of a mailbox voids what was set up before: an attacker's password, session, token and link.
func TestResetOfUnconfirmedAccountVoidsIt(t *testing.T) {
	w, box := mailWorld(t, func(c *Config) { c.Settings.ConfirmEmail = false })
	thief := w.browser()
	thief.api("POST", aloneAPI+"signup", `{"email":"ann@example.com","password":"thief's password"}`).wants(t, 201, "signed_in")
	thief.api("POST", aloneAPI+"tokens", `{"name":"back door"}`).wants(t, 201, "ghk_")
	token := w.forgot(box)
	w.browser().api("POST", aloneAPI+"password/reset", resetWith(token, "correct horse")).wants(t, 200, "changed")
	u := w.account("ann@example.com")
	if !u.Confirmed || thief.signedInAs() != "" {
		t.Error("not confirmed, or the thief is still signed in")
	}
	if left, _ := w.users.CredentialsOf(t.Context(), u.ID, ""); len(left) != 1 || left[0].Kind != store.KindPassword {
		t.Errorf("%d credentials are left", len(left))
	}
	w.browser().enter("ann@example.com", "correct horse")
}

func TestForgotPasswordHidesAccounts(t *testing.T) {
	w, box := mailWorld(t, func(c *Config) { c.Settings.Account = settings.Limit{Count: 2, Window: time.Minute} })
	w.user("ann")
	dan := w.user("dan")
	dan.Enabled = false
	if _, err := w.users.UpdateUser(t.Context(), dan); err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	for _, email := range []string{"ann@example.com", "dan@example.com", "nobody@example.com", "Ann@Example.com", "ann@example.com"} {
		p := b.api("POST", aloneAPI+"password/forgot", `{"email":"`+email+`"}`)
		if p.StatusCode != 202 || p.body != `{"status":"sent"}`+"\n" || len(p.Header["Set-Cookie"]) != 0 {
			t.Errorf("%s: %d %s", email, p.StatusCode, p.body)
		}
	}
	if got := strings.Join(describe(box.letters(w)), ", "); got != "reset to ann@example.com, reset to ann@example.com" {
		t.Errorf("messages: %s", got)
	}
	b.post(alone+"/forgot", values("email", "nobody@example.com", "to", "/x")).wants(t, 200, `"Done":true`)
	b.api("POST", aloneAPI+"password/forgot", `{"email":["ann@example.com","thief@example.com"]}`).wants(t, 422, `"field":"email"`)
	b.api("POST", aloneAPI+"password/forgot", `{"email":"ann@example.com,thief@example.com"}`).wants(t, 422, `"field":"email"`)
	b.api("POST", aloneAPI+"password/forgot", `{"email":"ann@example.com\r\nBcc: thief@example.com"}`).wants(t, 422, `"field":"email"`)
}

func TestMessageTokensAreNotQueuedOrLogged(t *testing.T) {
	w, box := mailWorld(t)
	w.user("ann")
	w.browser().api("POST", aloneAPI+"password/forgot", `{"email":"ann@example.com"}`)
	token := box.one(w, "reset", "ann@example.com").token(t)
	w.browser().get(alone + "/reset?token=" + token)
	w.browser().api("POST", aloneAPI+"password/reset", resetWith(token, "canary password")).wants(t, 200, "")
	head, _, _ := strings.Cut(token, ".")
	if logs := w.logs.String(); strings.Contains(logs, head) || strings.Contains(logs, "canary") {
		t.Error(logs)
	}
}
