package authportal

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/store"
)

// A confirmation signs in, but only in the browser that signed up.
func TestConfirmationSignsInTheSignUpBrowserOnly(t *testing.T) {
	w, box := mailWorld(t)
	b := w.browser()
	b.api("POST", aloneAPI+"signup", `{"email":"Ann@Example.com","password":"correct horse","to":"/reports?x=1"}`).wants(t, 201, `{"status":"confirm_email"}`)
	if b.signedInAs() != "" || w.account("ann@example.com").Confirmed {
		t.Fatal("signed in or confirmed before anything was confirmed")
	}
	b.api("POST", aloneAPI+"login", `{"login":"ann@example.com","password":"correct horse"}`).wants(t, 403, "email_not_confirmed")
	l := box.one(w, "confirm", "ann@example.com")
	if !strings.HasPrefix(l.Link, alone+"/confirm?token=") {
		t.Errorf("leads to %s", l.Link)
	}
	// A mail scanner that opens every link, many times, does not spend it.
	for range 3 {
		p := w.browser().get(l.Link)
		p.wants(t, 200, `"Account":"ann@example.com"`)
		if w.account("ann@example.com").Confirmed {
			t.Fatal("a GET confirmed")
		}
	}
	p := b.post(alone+"/confirm", values("token", l.token(t)))
	p.wants(t, 200, "hello ann@example.com at alone.example.org/reports?x=1")
	if !w.account("ann@example.com").Confirmed || b.signedInAs() != "ann@example.com" {
		t.Error("not confirmed, or not signed in")
	}
	w.browser().post(alone+"/confirm", values("token", l.token(t))).wants(t, 400, `"Expired":true`)
	b.api("POST", aloneAPI+"email/confirm", jsonOf(map[string]string{"token": l.token(t)})).wants(t, 400, `"code":"invalid_token"`)
	w.browser().enter("ann@example.com", "correct horse") // the sign-up's password stays
}

func TestAnotherBrowserConfirmsAndIsNotSignedIn(t *testing.T) {
	w, box := mailWorld(t)
	w.browser().api("POST", aloneAPI+"signup", annSignsUp)
	other := w.browser()
	// It has the sign-up cookie of another account.
	other.api("POST", aloneAPI+"signup", `{"email":"bob@example.com","password":"correct horse"}`)
	all := box.letters(w)
	other.api("POST", aloneAPI+"email/confirm", jsonOf(map[string]string{"token": all[0].token(t)})).wants(t, 200, `{"status":"confirmed"}`)
	if other.signedInAs() != "" || !w.account("ann@example.com").Confirmed {
		t.Error("signed in, or not confirmed")
	}
	w.browser().post(alone+"/confirm", values("token", all[1].token(t))).wants(t, 200, `"Done":"confirmed"`)
}

// A confirmation link is bound to one purpose and one address, and expires after a day.
func TestConfirmationLinkIsBoundAndExpires(t *testing.T) {
	w, box := mailWorld(t)
	b := w.browser()
	confirm := func(token string) page {
		return b.api("POST", aloneAPI+"email/confirm", jsonOf(map[string]string{"token": token}))
	}
	b.api("POST", aloneAPI+"signup", annSignsUp)
	token := box.one(w, "confirm", "ann@example.com").token(t)
	b.api("POST", aloneAPI+"password/reset", jsonOf(map[string]string{"token": token, "password": "another password"})).wants(t, 400, "invalid_token")
	head, label, _ := strings.Cut(token, ".")
	for _, bad := range []string{"", ".", head, "." + label, head + "." + label[1:], forge(head) + "." + label, head + "." + strings.Repeat("A", 5000)} {
		confirm(bad).wants(t, 400, `"code":"invalid_token"`)
	}
	// Once the address changes, the link to the old one is invalid.
	u := w.account("ann@example.com")
	u.Email, u.Username = "ann@example.net", "ann@example.net"
	if _, err := w.users.UpdateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	confirm(token).wants(t, 400, "invalid_token")
	b.api("POST", aloneAPI+"email/resend", `{"email":"ann@example.net"}`).wants(t, 202, "sent")
	late := box.one(w, "confirm", "ann@example.net").token(t)
	w.pass(message.ConfirmLife)
	confirm(late).wants(t, 400, "invalid_token")
}

func TestConcurrentConfirmationsSucceedOnce(t *testing.T) {
	w, box := mailWorld(t)
	w.browser().api("POST", aloneAPI+"signup", annSignsUp)
	body := jsonOf(map[string]string{"token": box.one(w, "confirm", "ann@example.com").token(t)})
	w.oneWins(t, 20, func(b *browser) int { return b.api("POST", aloneAPI+"email/confirm", body).StatusCode })
}

// Responses, cookies and work are the same; only the messages differ.
func TestSignUpHidesKnownAddresses(t *testing.T) {
	w, k := newAccounts(t, func(c *Config) { c.Mail, c.Settings.ConfirmEmail = &postbox{}, true })
	box := w.cfg.Mail.(*postbox)
	w.sites["alone.example.org"].Addresses = []string{"https://alone.example.org"}
	w.user("ann")
	disabled := w.user("dan")
	disabled.Enabled = false
	if _, err := w.users.UpdateUser(t.Context(), disabled); err != nil {
		t.Fatal(err)
	}
	shape := func(email string) string {
		before := k.spent.Load()
		b := w.browser()
		p := b.api("POST", aloneAPI+"signup", `{"email":"`+email+`","password":"correct horse"}`)
		if n := k.spent.Load() - before; n != 1 {
			t.Errorf("%s: %d hashes", email, n)
		}
		c := p.Header.Get("Set-Cookie")
		name, value, _ := strings.Cut(c, "=")
		value, rest, _ := strings.Cut(value, ";")
		if len(p.Header["Set-Cookie"]) != 1 {
			t.Errorf("%s: cookies %q", email, p.Header["Set-Cookie"])
		}
		return p.Status + p.body + name + rest + strings.Repeat("x", len(value))
	}
	unknown := shape("new@example.com")
	if shape("ann@example.com") != unknown || shape("dan@example.com") != unknown {
		t.Error("the responses differ")
	}
	// The number of writes to the users store is the same: a message that is dropped later replaces the account.
	var queued []string
	for _, m := range box.queue {
		queued = append(queued, m.Kind)
		if m.Kind == message.SignUp && len(m.Payload) != len(box.queue[0].Payload) {
			t.Errorf("queued %s %s", m.Kind, m.Payload)
		}
	}
	if got := strings.Join(queued, " "); got != "signup waiting signup waiting signup" {
		t.Errorf("queued: %s", got)
	}
	if got := strings.Join(describe(box.letters(w)), ", "); got != "confirm to new@example.com, exists to ann@example.com" {
		t.Errorf("messages: %s", got)
	}
	if w.count() != 3 {
		t.Errorf("%d accounts", w.count())
	}
}

// An attacker signs up with a victim's address and waits. The victim signs up too, and gets an account that keeps
// nothing of the attacker's (account pre-hijacking).
func TestSecondSignUpVoidsTheFirst(t *testing.T) {
	w, box := mailWorld(t)
	thief := w.browser()
	thief.api("POST", aloneAPI+"signup", `{"email":"ann@example.com","password":"thief's password"}`)
	first := box.one(w, "confirm", "ann@example.com")
	b := w.browser()
	b.api("POST", aloneAPI+"signup", annSignsUp).wants(t, 201, "confirm_email")
	again := box.one(w, "again", "ann@example.com")
	b.post(alone+"/reset", values("token", again.token(t), "password", "correct horse")).wants(t, 200, `"Done":true`)
	thief.api("POST", aloneAPI+"login", `{"login":"ann@example.com","password":"thief's password"}`).wants(t, 401, "invalid_credentials")
	thief.api("POST", aloneAPI+"email/confirm", jsonOf(map[string]string{"token": first.token(t)})).wants(t, 400, "invalid_token")
	b.enter("ann@example.com", "correct horse")
}

func TestResendHidesAccountsAndIsLimited(t *testing.T) {
	w, box := mailWorld(t, func(c *Config) {
		c.Settings.Account, c.Settings.Address = settings.Limit{Count: 3, Window: time.Minute}, settings.Limit{Count: 8, Window: time.Minute}
	})
	w.user("known")
	w.browser().api("POST", aloneAPI+"signup", annSignsUp)
	box.one(w, "confirm", "ann@example.com")
	b := w.browser()
	for _, email := range []string{"known@example.com", "nobody@example.com", "ann@example.com", "ANN@example.com", "ann@example.com"} {
		p := b.api("POST", aloneAPI+"email/resend", `{"email":"`+email+`"}`)
		if p.StatusCode != 202 || p.body != `{"status":"sent"}`+"\n" || len(p.Header["Set-Cookie"]) != 0 {
			t.Errorf("%s: %d %s %q", email, p.StatusCode, p.body, p.Header["Set-Cookie"])
		}
	}
	// The message of the sign-up counts too, so the third request exceeds the limit: nothing is sent, and no one
	// notices.
	if got := strings.Join(describe(box.letters(w)), ", "); got != "confirm to ann@example.com, confirm to ann@example.com" {
		t.Errorf("messages: %s", got)
	}
	for range 3 {
		b.api("POST", aloneAPI+"email/resend", `{"email":"x@example.com"}`)
	}
	p := b.api("POST", aloneAPI+"email/resend", `{"email":"y@example.com"}`)
	p.wants(t, 429, "too_many_attempts")
	b.post(alone+"/confirm/resend", values("email", "y@example.com")).wants(t, 429, "problem_too_many_attempts")
	w.pass(time.Minute)
	b.post(alone+"/confirm/resend", values("email", "ann@example.com")).wants(t, 200, `"Done":"sent"`)
	b.post(alone+"/confirm/resend", values("email", "ann")).wants(t, 422, "problem_invalid_field")
}

func TestWithoutMailTheRoutesAreAbsent(t *testing.T) {
	w, _ := newAccounts(t)
	b := w.browser()
	for _, path := range []string{"/confirm", "/forgot", "/reset"} {
		b.get(alone+path).wants(t, 404, "not_found")
	}
	for path, body := range map[string]string{"email/confirm": `{"token":"x"}`, "email/resend": `{"email":"a@example.com"}`,
		"password/forgot": `{"email":"a@example.com"}`, "password/reset": `{"token":"x","password":"correct horse"}`} {
		b.api("POST", aloneAPI+path, body).wants(t, 404, `"code":"not_found"`)
	}
	if p := b.get(alone + "/login"); strings.Contains(p.body, "/forgot") {
		t.Error("the login page offers to reset a password")
	}
}

// A Host header with another port must not get into a link (CWE-640).
func TestLinksInMessagesComeFromConfiguration(t *testing.T) {
	w, box := mailWorld(t)
	w.user("ann")
	ask := func(origin, api string) {
		w.browser().api("POST", origin+api, `{"email":"ann@example.com"}`).wants(t, 202, "sent")
	}
	ask("https://alone.example.org:1337", "/.gatehouse/api/v1/password/forgot")
	if l := box.one(w, "reset", "ann@example.com"); !strings.HasPrefix(l.Link, "https://alone.example.org/.gatehouse/reset?") {
		t.Errorf("leads to %s", l.Link)
	}
	ask("https://app.example.com:1337", "/.gatehouse/api/v1/password/forgot")
	if l := box.one(w, "reset", "ann@example.com"); !strings.HasPrefix(l.Link, "https://auth.example.com/reset?") {
		t.Errorf("leads to %s", l.Link)
	}
	w.sites["alone.example.org"].Addresses = nil
	w.browser().api("POST", aloneAPI+"password/forgot", `{"email":"ann@example.com"}`).wants(t, 503, "store_unavailable")
	box.none(w)
}

func TestUnqueuedMessageIsAnOutage(t *testing.T) {
	w, box := mailWorld(t)
	box.err = store.ErrUnavailable
	w.browser().api("POST", aloneAPI+"email/resend", `{"email":"ann@example.com"}`).wants(t, 503, "store_unavailable")
	w.browser().api("POST", aloneAPI+"password/forgot", `{"email":"ann@example.com"}`).wants(t, 503, "store_unavailable")
}
