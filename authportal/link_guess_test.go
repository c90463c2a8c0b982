package authportal

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/store"
)

func TestLinkRequestRevealsNothing(t *testing.T) {
	w, box, _ := linkWorld(t, func(c *Config) { c.Settings.Account = settings.Limit{Count: 2, Window: time.Minute} })
	w.user("ann")
	for name, change := range map[string]func(*store.User){
		"dan": func(u *store.User) { u.Enabled = false },
		"eve": func(u *store.User) { u.Approved = false },
		"fay": func(u *store.User) { u.Confirmed = false },
	} {
		u := w.user(name)
		change(&u)
		if _, err := w.users.UpdateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	shape := func(email string) string {
		p := w.browser().api("POST", aloneAPI+"login/link", field("email", email))
		name, value, _ := strings.Cut(p.Header.Get("Set-Cookie"), "=")
		value, rest, _ := strings.Cut(value, ";")
		if len(p.Header["Set-Cookie"]) != 1 || strings.Contains(value, "@") {
			t.Errorf("%s: cookies %q", email, p.Header["Set-Cookie"])
		}
		return p.Status + p.body + name + rest + strings.Repeat("x", len(value))
	}
	want := shape("nob@example.com")
	for _, email := range []string{"ann@example.com", "dan@example.com", "eve@example.com", "fay@example.com",
		"ann@example.com", "ann@example.com"} {
		if got := shape(email); got != want {
			t.Errorf("%s: %s, want %s", email, got, want)
		}
	}
	for _, m := range box.queue {
		if len(m.Payload) != len(box.queue[0].Payload) {
			t.Errorf("queued %s", m.Payload)
		}
	}
	got := strings.Join(describe(box.letters(w)), ", ")
	if got != "link to ann@example.com, link to ann@example.com, link to eve@example.com, link to fay@example.com" {
		t.Errorf("messages: %s", got)
	}
	b := w.browser()
	for _, bad := range []string{"", "ann", "ann@example.com,thief@example.com",
		"ann@example.com\r\nBcc: thief@example.com"} {
		b.api("POST", aloneAPI+"login/link", field("email", bad)).wants(t, 422, `"field":"email"`)
	}
	b.api("POST", aloneAPI+"login/link", `{"email":["ann@example.com","thief@example.com"]}`).wants(t, 400, "malformed")
	b.post(alone+"/link", values("email", "ann")).wants(t, 422, "problem_invalid_field")
	box.none(w)
}

// A wrong code is refused in the same way for known and unknown addresses.
func TestWrongCodeHidesWhetherTheAddressIsKnown(t *testing.T) {
	w, box, _ := linkWorld(t)
	w.user("ann")
	var answers []string
	for _, email := range []string{"ann@example.com", "nobody@example.com"} {
		b := w.browser()
		b.api("POST", aloneAPI+"login/link", field("email", email))
		p := b.finishes("code", "999999")
		p.wants(t, 401, "invalid_code")
		answers = append(answers, p.body+strings.Join(p.Header["Set-Cookie"], ""))
	}
	if answers[0] != answers[1] {
		t.Errorf("%q", answers)
	}
	box.take()
}

func TestFiveWrongCodesVoidALink(t *testing.T) {
	w, box, _ := linkWorld(t)
	w.user("ann")
	b := w.browser()
	l := b.asksForLink(box, "ann@example.com")
	for range signin.LinkGuesses {
		b.finishes("code", "999999").wants(t, 401, "invalid_code")
	}
	b.finishes("code", l.Code).wants(t, 401, "invalid_code")
	b.finishes("token", l.token(t)).wants(t, 400, "invalid_token")
	// Another link works until too many guesses at the account: seven were wrong so far.
	b.finishes("code", b.asksForLink(box, "ann@example.com").Code).wants(t, 200, "signed_in")
}

// A guess at a code counts for the account wherever it is made, and requesting another link releases none.
func TestLinkCodesAndPasswordsShareACounter(t *testing.T) {
	w, box, _ := linkWorld(t, func(c *Config) {
		c.Settings.Account = settings.Limit{Count: 6, Window: 15 * time.Minute}
	})
	w.user("ann")
	for range 3 {
		b := w.browser()
		b.asksForLink(box, "ann@example.com")
		b.finishes("code", "999999").wants(t, 401, "invalid_code")
	}
	for range 3 {
		w.browser().api("POST", aloneAPI+"login", `{"login":"ann","password":"wrong"}`).
			wants(t, 401, "invalid_credentials")
	}
	b := w.browser()
	l := b.asksForLink(box, "ann@example.com")
	p := b.finishes("code", l.Code)
	p.wants(t, 429, "too_many_attempts")
	if p.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	b.post(alone+"/link/finish", values("token", l.token(t))).wants(t, 429, "problem_too_many_attempts")
}

func TestGuessesWithoutALinkCountByAddress(t *testing.T) {
	w, _, _ := linkWorld(t, func(c *Config) { c.Settings.Address = settings.Limit{Count: 4, Window: time.Minute} })
	for range 2 {
		w.browser().finishes("code", "123456").wants(t, 401, "invalid_code")
		w.browser().finishes("token", "made up").wants(t, 400, "invalid_token")
	}
	w.browser().finishes("token", "made up").wants(t, 429, "too_many_attempts")
	for range 4 {
		w.browser().api("POST", aloneAPI+"login/link", `{"email":"nobody@example.com"}`).wants(t, 202, "sent")
	}
	w.browser().api("POST", aloneAPI+"login/link", `{"email":"nobody@example.com"}`).wants(t, 429, "too_many_attempts")
}

func TestOfLinkAndCodeAtOnceOneWorks(t *testing.T) {
	w, box, _ := linkWorld(t, func(c *Config) { c.Settings.Account = settings.Limit{Count: 100, Window: time.Minute} })
	w.user("ann")
	b := w.browser()
	l := b.asksForLink(box, "ann@example.com")
	cookie := b.cookie(alone, "__Host-gatehouse-signin")
	var wg sync.WaitGroup
	codes := make([]int, 10)
	for i := range codes {
		same := w.browser() // indistinguishable from the same browser
		same.setCookie(alone, "__Host-gatehouse-signin", cookie)
		wg.Go(func() {
			if i%2 == 0 {
				codes[i] = same.finishes("code", l.Code).StatusCode
			} else {
				codes[i] = same.finishes("token", l.token(t)).StatusCode
			}
		})
	}
	wg.Wait()
	worked := slices.DeleteFunc(slices.Clone(codes), func(c int) bool { return c == 400 || c == 401 })
	if !slices.Equal(worked, []int{200}) {
		t.Errorf("codes %v", codes)
	}
}

// The password changes between the proof and the session: the change ends every sign-in that began before it.
func TestPasswordChangeDuringEmailSignIn(t *testing.T) {
	w, box, m := linkWorld(t)
	u := w.user("ann")
	b := w.browser()
	l := b.asksForLink(box, "ann@example.com")
	m.proven = func() {
		password := "correct horse"
		if _, err := w.p.Accounts().Set(t.Context(), accounts.Actor{}, u.ID,
			accounts.UserChange{Password: &password}); err != nil {
			t.Error(err)
		}
	}
	b.finishes("code", l.Code).wants(t, 401, "invalid_code")
	if b.signedInAs() != "" {
		t.Error("signed in")
	}
}

// The first proof of a mailbox voids an attacker's password, session and token (account pre-hijacking).
func TestEmailSignInVoidsEarlierCredentials(t *testing.T) {
	for _, confirm := range []bool{true, false} {
		w, box, _ := linkWorld(t, func(c *Config) { c.Settings.ConfirmEmail = confirm })
		thief := w.browser()
		thief.api("POST", aloneAPI+"signup", `{"email":"ann@example.com","password":"thief's password"}`)
		if !confirm {
			thief.api("POST", aloneAPI+"tokens", `{"name":"back door"}`).wants(t, 201, "ghk_")
		}
		box.take()
		b := w.browser()
		l := b.asksForLink(box, "ann@example.com")
		b.finishes("token", l.token(t)).wants(t, 200, "signed_in")
		u := w.account("ann@example.com")
		if !u.Confirmed || b.signedInAs() != "ann@example.com" || thief.signedInAs() != "" {
			t.Errorf("confirmed %v, %q is in, and the thief as %q", u.Confirmed, b.signedInAs(), thief.signedInAs())
		}
		left, err := w.users.CredentialsOf(t.Context(), u.ID, "")
		if err != nil || len(left) != 1 || left[0].Kind != store.KindKnownBrowser {
			t.Errorf("left are %+v, %v", left, err)
		}
		thief.api("POST", aloneAPI+"login", `{"login":"ann@example.com","password":"thief's password"}`).
			wants(t, 401, "invalid_credentials")
		wantEvents(t, w, audit.EventEmailConfirm, "ok set before: voided")
	}
}

func TestLinkSecretsAreNotQueuedOrLogged(t *testing.T) {
	w, box, _ := linkWorld(t)
	w.user("ann")
	b := w.browser()
	b.api("POST", aloneAPI+"login/link", field("email", "ann@example.com"))
	queued := string(box.queue[0].Payload)
	l := box.one(w, "link", "ann@example.com")
	b.get(l.Link)
	b.finishes("code", "444555")
	b.finishes("token", l.token(t)).wants(t, 200, "signed_in")
	for _, secret := range []string{l.token(t), "444555"} {
		if strings.Contains(queued+w.logs.String(), secret) {
			t.Errorf("%s is in %s%s", secret, queued, w.logs.String())
		}
	}
	if !w.p.Web.SecretInURL("/link") || !w.p.Web.SecretInURL("/link/") {
		t.Error("access logs would show links")
	}
}
