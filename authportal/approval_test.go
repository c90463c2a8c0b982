package authportal

import (
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/store"
)

func (w *world) appoint(name string) store.User {
	w.t.Helper()
	u := w.user(name)
	u.Roles = []string{accounts.AdministratorRole}
	u, err := w.users.UpdateUser(w.t.Context(), u)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

func approval(c *Config) { c.Settings.Signup.Mode = settings.SignupApproval }

var byRoot = accounts.Actor{ID: "root", Base: alone}

func TestAccountWaitsForApproval(t *testing.T) {
	w, box := mailWorld(t, approval)
	w.appoint("root")
	b := w.browser()
	b.api("POST", aloneAPI+"signup", annSignsUp).wants(t, 201, `{"status":"confirm_email"}`)
	token := box.one(w, "confirm", "ann@example.com").token(t)
	b.api("POST", aloneAPI+"email/confirm", jsonOf(map[string]string{"token": token})).wants(t, 200, `{"status":"approval_pending"}`)
	if l := box.one(w, "approval", "root@example.com"); l.Account != "ann@example.com" {
		t.Errorf("the message is about %v", l.Account)
	}
	b.api("POST", aloneAPI+"login", `{"login":"ann@example.com","password":"correct horse"}`).wants(t, 403, "approval_pending")
	u := w.account("ann@example.com")
	for range 2 {
		if _, err := w.p.Accounts().Approve(t.Context(), byRoot, u.ID); err != nil {
			t.Fatal(err)
		}
	}
	if l := box.one(w, "approved", "ann@example.com"); l.Link != alone+"/login" {
		t.Errorf("leads to %s", l.Link)
	}
	b.enter("ann@example.com", "correct horse")
	if err := w.p.Accounts().Decline(t.Context(), byRoot, u.ID); err != accounts.ErrDecided {
		t.Errorf("declining what was approved: %v", err)
	}
}

// Approving by a change of the account, as the admin page and the API do, also notifies its owner, once.
func TestOwnerIsNotifiedOfEveryApproval(t *testing.T) {
	w, box := mailWorld(t, approval)
	b := w.browser()
	b.api("POST", aloneAPI+"signup", annSignsUp)
	b.api("POST", aloneAPI+"email/confirm", jsonOf(map[string]string{"token": box.one(w, "confirm", "ann@example.com").token(t)}))
	u := w.account("ann@example.com")
	for range 2 {
		if _, err := w.p.Accounts().Set(t.Context(), byRoot, u.ID, accounts.UserChange{Approved: new(true)}); err != nil {
			t.Fatal(err)
		}
	}
	if l := box.one(w, "approved", "ann@example.com"); l.Link != alone+"/login" {
		t.Errorf("leads to %s", l.Link)
	}
	box.none(w)
}

func TestDecliningDeletesAndNotifies(t *testing.T) {
	w, box := mailWorld(t, approval)
	b := w.browser()
	b.api("POST", aloneAPI+"signup", annSignsUp)
	b.api("POST", aloneAPI+"email/confirm", jsonOf(map[string]string{"token": box.one(w, "confirm", "ann@example.com").token(t)}))
	box.none(w) // there is no administrator
	if err := w.p.Accounts().Decline(t.Context(), byRoot, w.account("ann@example.com").ID); err != nil {
		t.Fatal(err)
	}
	box.one(w, "declined", "ann@example.com")
	if w.count() != 0 {
		t.Error("the account is still there")
	}
}

func TestApprovalHidesKnownAddresses(t *testing.T) {
	w, box := mailWorld(t, approval, func(c *Config) { c.Settings.ConfirmEmail = false })
	w.appoint("root")
	for _, email := range []string{"new@example.com", "root@example.com"} {
		p := w.browser().api("POST", aloneAPI+"signup", `{"email":"`+email+`","password":"correct horse"}`)
		if p.StatusCode != 201 || p.body != `{"status":"approval_pending"}`+"\n" {
			t.Errorf("%s: %d %s", email, p.StatusCode, p.body)
		}
	}
	if got := strings.Join(describe(box.letters(w)), ", "); got != "approval to root@example.com, exists to root@example.com" {
		t.Errorf("messages: %s", got)
	}
	w.browser().post(alone+"/signup", values("email", "other@example.com", "password", "correct horse")).wants(t, 200, `"Done":"approval_pending"`)
}

func TestApprovalWorksWithoutMail(t *testing.T) {
	w, _ := newAccounts(t, approval)
	b := w.browser()
	b.api("POST", aloneAPI+"signup", annSignsUp).wants(t, 201, "approval_pending")
	b.api("POST", aloneAPI+"signup", annSignsUp).wants(t, 409, "user_exists")
	if b.signedInAs() != "" {
		t.Error("signed in")
	}
	if _, err := w.p.Accounts().Approve(t.Context(), accounts.Actor{ID: "command line"}, w.account("ann@example.com").ID); err != nil {
		t.Fatal(err)
	}
	b.enter("ann@example.com", "correct horse")
}

func TestOnlySomeDomainsMaySignUp(t *testing.T) {
	w, box := mailWorld(t, func(c *Config) { c.Settings.Signup.Domains = []string{"example.com"} })
	for _, email := range []string{"ann@example.net", "ann@sub.example.com", "ann@notexample.com"} {
		w.browser().api("POST", aloneAPI+"signup", `{"email":"`+email+`","password":"correct horse"}`).wants(t, 422, `"field":"email"`)
	}
	w.browser().api("POST", aloneAPI+"signup", `{"email":"Ann@EXAMPLE.com","password":"correct horse"}`).wants(t, 201, "confirm_email")
	box.one(w, "confirm", "ann@example.com")
}

// invited makes an account without a password and invites its owner.
func (w *world) invited(box *postbox) (store.User, string) {
	w.t.Helper()
	u, err := w.p.Accounts().Add(w.t.Context(), byRoot, accounts.NewUser{Email: "ann@example.com", Roles: []string{"editor"}})
	if err == nil {
		u, err = w.p.Accounts().Invite(w.t.Context(), byRoot, u.ID)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	l := box.one(w, "invite", "ann@example.com")
	_, token, _ := strings.Cut(l.Link, alone+"/signup?invite=")
	return u, token
}

// An invitation is bound to one address and its roles, and works once.
func TestInvitationIsBoundAndWorksOnce(t *testing.T) {
	w, box := mailWorld(t, func(c *Config) { c.Settings.Signup.Mode = settings.SignupInvite })
	u, token := w.invited(box)
	b := w.browser()
	b.api("POST", aloneAPI+"signup", annSignsUp).wants(t, 403, "signup_closed")
	for range 2 { // a GET does not spend the link
		b.get(alone+"/signup?invite="+token).wants(t, 200, `"Account":"ann@example.com"`)
	}
	accept := func(email, password string) page {
		return b.api("POST", aloneAPI+"signup", jsonOf(map[string]string{"email": email, "password": password, "invite": token, "name": "Ann"}))
	}
	accept("thief@example.com", "correct horse").wants(t, 422, `"field":"email"`)
	accept("ann@example.com", "short").wants(t, 422, "too_short")
	accept("Ann@example.com", "correct horse").wants(t, 201, "signed_in")
	if b.signedInAs() != "ann@example.com" {
		t.Error("not signed in")
	}
	after := w.account("ann@example.com")
	if after.ID != u.ID || len(after.Roles) != 1 || after.Roles[0] != "editor" || after.Name != "Ann" || !after.Confirmed {
		t.Errorf("%+v", after)
	}
	accept("ann@example.com", "another password").wants(t, 400, "invalid_token")
	w.browser().post(alone+"/signup", values("invite", token, "email", "ann@example.com", "password", "another password")).wants(t, 400, `"Expired":true`)
	if _, err := w.p.Accounts().Invite(t.Context(), byRoot, u.ID); err == nil {
		t.Error("an account with a password was invited again")
	}
}

func TestInvitationExpiresOrEndsWithItsAddress(t *testing.T) {
	w, box := mailWorld(t)
	u, token := w.invited(box)
	other := "ann@example.net"
	if _, err := w.p.Accounts().Set(t.Context(), byRoot, u.ID, accounts.UserChange{Email: &other}); err != nil {
		t.Fatal(err)
	}
	body := jsonOf(map[string]string{"password": "correct horse", "invite": token})
	w.browser().api("POST", aloneAPI+"signup", body).wants(t, 400, "invalid_token")
	if err := w.p.Accounts().Delete(t.Context(), byRoot, u.ID); err != nil {
		t.Fatal(err)
	}
	w, box = mailWorld(t)
	_, token = w.invited(box)
	w.pass(message.InviteLife)
	w.browser().get(alone+"/signup?invite="+token).wants(t, 400, `"Expired":true`)
}
