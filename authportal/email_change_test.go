package authportal

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/selfservice"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/store"
)

// owner returns a browser that is signed in to an account whose username is its address, as by default.
func (w *world) owner(name string) (*browser, store.User) {
	w.t.Helper()
	u := w.user(name)
	u.Username = u.Email
	u, err := w.users.UpdateUser(w.t.Context(), u)
	if err != nil {
		w.t.Fatal(err)
	}
	b := w.browser()
	b.enter(u.Email, "right")
	return b, u
}

// asks requests another address and returns the messages: the notice, and the link if there is one.
func (b *browser) asks(box *postbox, email string) (all []*sentMail) {
	b.w.t.Helper()
	b.api("PATCH", aloneAPI+"account", `{"email":"`+email+`"}`).wants(b.w.t, 202, `{"status":"sent"}`)
	return box.letters(b.w)
}

func ofKind(t *testing.T, all []*sentMail, kind string) *sentMail {
	t.Helper()
	for _, l := range all {
		if l.Kind == kind {
			return l
		}
	}
	t.Fatalf("messages: %v, want one %q among them", describe(all), kind)
	return nil
}

func wantMessages(t *testing.T, all []*sentMail, want string) {
	t.Helper()
	if got := strings.Join(describe(all), ", "); got != want {
		t.Errorf("messages: %s, want %s", got, want)
	}
}

// set changes an account as the command line does.
func (w *world) set(id string, ch accounts.UserChange) {
	w.t.Helper()
	if _, err := w.p.Accounts().Set(w.t.Context(), cli, id, ch); err != nil {
		w.t.Fatal(err)
	}
}

func ref(s string) *string { return &s }

func tokenBody(token string) string { return jsonOf(map[string]string{"token": token}) }

// moves changes the address of the signed-in account and returns the token that undoes it.
func (b *browser) moves(box *postbox, email string) (undo string) {
	t := b.w.t
	t.Helper()
	token := ofKind(t, b.asks(box, email), "email_change").token(t)
	b.w.browser().api("POST", aloneAPI+"email/confirm", tokenBody(token)).wants(t, 200, `{"status":"changed"}`)
	return ofKind(t, box.letters(b.w), "email_changed").token(t)
}

func TestAddressChangesOnceTheNewOneConfirms(t *testing.T) {
	w, box := mailWorld(t)
	b, u := w.owner("ann")
	all := b.asks(box, "Ann@Example.net")
	wantMessages(t, all, "email_asked to ann@example.com, email_change to ann@example.net")
	if n := ofKind(t, all, "email_asked"); n.Account != u.Email || n.Email != "ann@example.net" || n.Link != alone+"/forgot" {
		t.Errorf("the old address reads %+v", n)
	}
	l := ofKind(t, all, "email_change")
	if l.Account != u.Email || l.Email != "ann@example.net" || !strings.HasPrefix(l.Link, alone+"/email?token=") {
		t.Errorf("the new address reads %+v", l)
	}
	b.api("GET", aloneAPI+"account", "").wants(t, 200, `"pending_email":"ann@example.net"`)
	for range 3 { // a mail scanner
		w.browser().get(l.Link).wants(t, 200, `"Account":"ann@example.com","Email":"ann@example.net"`)
	}
	if w.account(u.Email).ID != u.ID {
		t.Fatal("a GET changed the address")
	}
	phone := w.browser()
	phone.post(alone+"/email", values("token", l.token(t))).wants(t, 200, `"Done":true`)
	if phone.signedInAs() != "" {
		t.Error("the link signs in")
	}
	got := w.account("ann@example.net")
	if got.ID != u.ID || got.Username != "ann@example.net" || !got.Confirmed {
		t.Errorf("%+v", got)
	}
	// Sessions continue, with the new name at once.
	if as := b.signedInAs(); as != "ann@example.net" {
		t.Errorf("signed in as %q", as)
	}
	phone.post(alone+"/email", values("token", l.token(t))).wants(t, 400, `"Expired":true`)
	phone.get(l.Link).wants(t, 400, `"Expired":true`)
	wantMessages(t, box.letters(w), "email_changed to ann@example.com")
	wantEvents(t, w, audit.EventEmailAsk, "ok")
	wantEvents(t, w, audit.EventEmailChange, "ok", "refused invalid_token")
	// The old username is never assigned to another account.
	w.browser().api("POST", aloneAPI+"signup", annSignsUp).wants(t, 201, "confirm_email") // reveals nothing
	box.none(w)
	if w.count() != 1 {
		t.Errorf("%d accounts", w.count())
	}
}

func TestChosenUsernameSurvivesAddressChange(t *testing.T) {
	w, box := mailWorld(t)
	b, _ := w.member("ann")
	undo := b.moves(box, "ann@example.net")
	if got := w.account("ann"); got.Email != "ann@example.net" || got.Username != "ann" {
		t.Errorf("%+v", got)
	}
	w.browser().api("POST", aloneAPI+"email/undo", tokenBody(undo)).wants(t, 200, `{"status":"restored"}`)
	if got := w.account("ann"); got.Email != "ann@example.com" || got.Username != "ann" {
		t.Errorf("%+v", got)
	}
}

// A change of address needs a recent login, and works as a form.
func TestAddressChangeNeedsRecentLogin(t *testing.T) {
	w, box := mailWorld(t)
	b, u := w.owner("ann")
	w.pass(11 * time.Minute)
	b.api("PATCH", aloneAPI+"account", `{"email":"ann@example.net"}`).wants(t, 403, "fresh_login_required")
	if p := b.post(alone+"/account/email", values("email", "ann@example.net")); p.url.Path != "/.gatehouse/login" {
		t.Errorf("the form leads to %s, want signing in again", p.url)
	}
	box.none(w)
	b.enter(u.Email, "right")
	b.get(alone+"/account").wants(t, 200, `"ChangesEmail":true`)
	p := b.post(alone+"/account/email", values("email", "ann@example.net"))
	p.wants(t, 200, "done_email")
	p.wants(t, 200, `"PendingEmail":"ann@example.net"`)
	wantMessages(t, box.letters(w), "email_asked to ann@example.com, email_change to ann@example.net")
	b.post(alone+"/account/email", values("email", "nonsense")).wants(t, 422, `"email":"nonsense"`)
	w.browser().api("PATCH", aloneAPI+"account", `{"email":"ann@example.net"}`).wants(t, 401, "login_required")
	token, _ := b.api("POST", aloneAPI+"tokens", `{"name":"script"}`).json(t)["token"].(string)
	r := w.browser().apiRequest("PATCH", aloneAPI+"account", `{"email":"eve@example.net"}`)
	r.Header.Set("Authorization", "Bearer "+token)
	b.onceDo(r).wants(t, 403, "forbidden")
}

func TestInvalidNewAddressIsRefused(t *testing.T) {
	w, box := mailWorld(t, func(c *Config) { c.Settings.Signup.Domains = []string{"example.com", "example.net"} })
	b, _ := w.owner("ann")
	for _, body := range []string{`{"email":""}`, `{"email":"x"}`, `{"email":"ann@example.com"}`, `{"email":"ann@example.org"}`,
		`{"email":["a@example.net","b@example.net"]}`, `{"email":"a@example.net,b@example.net"}`, `{"email":"a@example.net\r\nBcc: b@example.net"}`,
		`{"email":"ann@example.net","name":"Ann"}`} {
		b.api("PATCH", aloneAPI+"account", body).wants(t, 422, `"field":"email"`)
	}
	box.none(w)
	wantMessages(t, b.asks(box, "ann@example.net"), "email_asked to ann@example.com, email_change to ann@example.net")
}

func TestWithoutMailOnlyAdministratorsChangeAddresses(t *testing.T) {
	w, _ := newAccounts(t)
	b, _ := w.owner("ann")
	b.api("PATCH", aloneAPI+"account", `{"email":"ann@example.net"}`).wants(t, 422, `"field":"email"`)
	b.post(alone+"/account/email", values("email", "ann@example.net")).wants(t, 404, "not_found")
	b.get(alone+"/account").wants(t, 200, `"ChangesEmail":false`)
	b.get(alone+"/email?token=x").wants(t, 404, "not_found")
	b.get(alone+"/email/undo?token=x").wants(t, 404, "not_found")
	b.api("POST", aloneAPI+"email/undo", `{"token":"x"}`).wants(t, 404, "not_found")
}

// A signed-in user learns nothing about other accounts: only the message differs.
func TestTakenNewAddressIsHidden(t *testing.T) {
	w, box := mailWorld(t)
	b, u := w.owner("ann")
	bob := w.user("bob")
	dan := w.user("dan")
	dan.Enabled = false
	if _, err := w.users.UpdateUser(t.Context(), dan); err != nil {
		t.Fatal(err)
	}
	all := b.asks(box, "bob@example.com")
	wantMessages(t, all, "email_asked to ann@example.com, email_taken to bob@example.com")
	if l := ofKind(t, all, "email_taken"); strings.Contains(l.Account+l.Email+l.Link, "ann") || strings.Contains(l.Link, "token") {
		t.Errorf("bob reads %+v", l)
	}
	wantMessages(t, b.asks(box, "dan@example.com"), "email_asked to ann@example.com")
	if w.account("bob").ID != bob.ID || w.account("ann@example.com").ID != u.ID {
		t.Error("something changed")
	}
}

func TestLaterAddressChangeReplacesEarlier(t *testing.T) {
	w, box := mailWorld(t)
	b, _ := w.owner("ann")
	first := ofKind(t, b.asks(box, "ann@example.net"), "email_change")
	b.api("PATCH", aloneAPI+"account", `{"email":"ann2@example.net"}`).wants(t, 202, "")
	b.api("PATCH", aloneAPI+"account", `{"email":"ann3@example.net"}`).wants(t, 202, "")
	all := box.letters(w) // the second message was not composed before the third request
	wantMessages(t, all, "email_asked to ann@example.com, email_asked to ann@example.com, email_change to ann3@example.net")
	w.browser().get(first.Link).wants(t, 400, `"Expired":true`)
	w.browser().api("POST", aloneAPI+"email/confirm", tokenBody(first.token(t))).wants(t, 400, "invalid_token")
	w.browser().api("POST", aloneAPI+"email/confirm", tokenBody(ofKind(t, all, "email_change").token(t))).wants(t, 200, "changed")
	if w.account("ann3@example.net").Username != "ann3@example.net" {
		t.Error("not the last")
	}
}

// The link to a new address is bound to one purpose, works once and expires after a day.
func TestAddressChangeLinkIsBoundAndExpires(t *testing.T) {
	w, box := mailWorld(t)
	b, u := w.owner("ann")
	token := ofKind(t, b.asks(box, "ann@example.net"), "email_change").token(t)
	head, label, _ := strings.Cut(token, ".")
	for _, bad := range []string{"", ".", head, "." + label, head + "." + label[1:], forge(head) + "." + label} {
		b.api("POST", aloneAPI+"email/confirm", tokenBody(bad)).wants(t, 400, "invalid_token")
		b.post(alone+"/email", values("token", bad)).wants(t, 400, `"Expired":true`)
	}
	b.api("POST", aloneAPI+"email/undo", tokenBody(token)).wants(t, 400, "invalid_token")
	b.api("POST", aloneAPI+"password/reset", resetWith(token, "another password")).wants(t, 400, "invalid_token")
	w.oneWins(t, 12, func(b *browser) int { return b.api("POST", aloneAPI+"email/confirm", tokenBody(token)).StatusCode })
	if w.account("ann@example.net").ID != u.ID {
		t.Error("the address is not that of the account")
	}
	wantMessages(t, box.letters(w), "email_changed to ann@example.com")
	late := ofKind(t, b.asks(box, "ann@example.org"), "email_change").token(t)
	w.pass(selfservice.EmailChangeLife)
	w.browser().api("POST", aloneAPI+"email/confirm", tokenBody(late)).wants(t, 400, "invalid_token")
}

// If a gateway stops between sending a message and recording that, the message is composed again with another link.
func TestBothCopiesOfAResentMessageWork(t *testing.T) {
	w, box := mailWorld(t)
	b, _ := w.owner("ann")
	b.api("PATCH", aloneAPI+"account", `{"email":"ann@example.net"}`).wants(t, 202, "")
	queue := box.take()
	m := queue[len(queue)-1]
	first, err := w.p.SelfService.ResolveMail(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.p.SelfService.ResolveMail(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	w.browser().get(second.Link).wants(t, 200, "ann@example.net")
	w.browser().api("POST", aloneAPI+"email/confirm", tokenBody((&sentMail{first}).token(t))).wants(t, 200, "changed")
	w.browser().api("POST", aloneAPI+"email/confirm", tokenBody((&sentMail{second}).token(t))).wants(t, 400, "invalid_token")
}

func TestOtherChangesCancelAnAddressChange(t *testing.T) {
	yes, no, elsewhere := true, false, "ann@example.org"
	for name, c := range map[string]struct {
		do   func(w *world, b *browser, u store.User)
		want string
	}{
		"a new password": {func(w *world, b *browser, _ store.User) {
			b.api("POST", aloneAPI+"password/change", `{"current":"right","password":"correct horse"}`).wants(w.t, 200, "")
		}, "invalid_token"},
		"an administrator's address": {func(w *world, _ *browser, u store.User) { w.set(u.ID, accounts.UserChange{Email: &elsewhere}) }, "invalid_token"},
		"disabled":                   {func(w *world, _ *browser, u store.User) { w.set(u.ID, accounts.UserChange{Enabled: &no}) }, "invalid_token"},
		"not approved any more":      {func(w *world, _ *browser, u store.User) { w.set(u.ID, accounts.UserChange{Approved: &no}) }, "invalid_token"},
		"deleted":                    {func(w *world, b *browser, _ store.User) { b.api("DELETE", aloneAPI+"account", "").wants(w.t, 204, "") }, "invalid_token"},
		"taken": {func(w *world, _ *browser, _ store.User) {
			u := w.user("new")
			u.Email = "ann@example.net"
			if _, err := w.users.UpdateUser(w.t.Context(), u); err != nil {
				w.t.Fatal(err)
			}
		}, "user_exists"},
		"once the name of a deleted account": {func(w *world, _ *browser, _ store.User) {
			u := w.user("new")
			w.set(u.ID, accounts.UserChange{Email: ref("ann@example.net"), Username: ref("ann@example.net"), Confirmed: &yes})
			if err := w.users.DeleteUser(w.t.Context(), u.ID); err != nil {
				w.t.Fatal(err)
			}
		}, "username_taken"},
	} {
		t.Run(name, func(t *testing.T) {
			w, box := mailWorld(t)
			b, u := w.owner("ann")
			l := ofKind(t, b.asks(box, "ann@example.net"), "email_change")
			c.do(w, b, u)
			box.take()
			status, says := 409, "problem_"+c.want
			if c.want == "invalid_token" {
				status, says = 400, `"Expired":true`
			}
			w.browser().post(alone+"/email", values("token", l.token(t))).wants(t, status, says)
			box.none(w)
			if now, err := w.users.User(t.Context(), u.ID); err == nil && now.Email != "ann@example.com" && now.Email != elsewhere {
				t.Errorf("changed to %s", now.Email)
			}
			if left, _ := w.users.CredentialsOf(t.Context(), u.ID, store.KindEmailUndo); len(left) != 0 {
				t.Errorf("%d links to undo a change that was not made", len(left))
			}
			if p := b.api("GET", aloneAPI+"account", ""); strings.Contains(p.body, "pending_email") {
				t.Errorf("still pending: %s", p.body)
			}
		})
	}
}

// An unconfirmed address may be a stranger's: it gets no message and no access to the account.
func TestUnconfirmedOldAddressCannotUndo(t *testing.T) {
	w, box := mailWorld(t, func(c *Config) { c.Settings.ConfirmEmail = false })
	b := w.browser()
	b.api("POST", aloneAPI+"signup", annSignsUp).wants(t, 201, "signed_in")
	box.take()
	all := b.asks(box, "ann@example.net")
	wantMessages(t, all, "email_change to ann@example.net")
	w.browser().api("POST", aloneAPI+"email/confirm", tokenBody(all[0].token(t))).wants(t, 200, "changed")
	box.none(w)
	u := w.account("ann@example.net")
	if left, _ := w.users.CredentialsOf(t.Context(), u.ID, store.KindEmailUndo); !u.Confirmed || len(left) != 0 {
		t.Errorf("confirmed %v, %d undo links", u.Confirmed, len(left))
	}
}

func TestAddressChangesAreLimited(t *testing.T) {
	w, box := mailWorld(t, func(c *Config) { c.Settings.Account = settings.Limit{Count: 3, Window: time.Minute} })
	b, _ := w.owner("ann")
	for range 3 { // strangers use up the limit of the mailbox
		w.browser().api("POST", aloneAPI+"password/forgot", `{"email":"victim@example.org"}`).wants(t, 202, "")
		w.browser().api("POST", aloneAPI+"password/forgot", `{"email":"ann@example.com"}`).wants(t, 202, "")
	}
	box.letters(w)
	wantMessages(t, b.asks(box, "victim@example.org"), "email_asked to ann@example.com") // is sent nevertheless
	b.asks(box, "ann2@example.net")
	b.asks(box, "ann3@example.net")
	b.api("PATCH", aloneAPI+"account", `{"email":"ann4@example.net"}`).wants(t, 429, "too_many_attempts")
	box.none(w)
	wantEvents(t, w, audit.EventEmailAsk, "ok", "ok", "ok", "refused too_many_attempts")
}

func TestAddressChangeTokensAreNotKeptOrLogged(t *testing.T) {
	w, box := mailWorld(t)
	b, u := w.owner("ann")
	token := ofKind(t, b.asks(box, "ann@example.net"), "email_change").token(t)
	w.browser().get(alone + "/email?token=" + token)
	head, _, _ := strings.Cut(token, ".")
	creds, err := w.users.CredentialsOf(t.Context(), u.ID, store.KindEmailChange)
	if err != nil || len(creds) != 1 || strings.Contains(string(creds[0].Data), head) {
		t.Errorf("%v %v", creds, err)
	}
	export := b.api("GET", aloneAPI+"account/export", "")
	export.wants(t, 200, `"kind":"email_change","label":"ann@example.net"`)
	if strings.Contains(export.body+w.logs.String(), head) {
		t.Error("the secret of a link was logged")
	}
}

func TestTheAccountSaysHowItSignsIn(t *testing.T) {
	w, _ := mailWorld(t)
	b, u := w.owner("ann")
	b.api("GET", aloneAPI+"account", "").wants(t, 200, `"sign_ins":[{"created":"2026-11-23T12:00:00Z","kind":"password"}]`)
	if err := w.users.DeleteCredential(t.Context(), store.KindPassword, u.ID); err != nil {
		t.Fatal(err)
	}
	b.api("GET", aloneAPI+"account", "").wants(t, 200, `"sign_ins":[]`)
	b.get(alone+"/account").wants(t, 200, `"HasPassword":false,"ForgotURL":"/.gatehouse/forgot"`)
}
