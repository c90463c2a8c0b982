package authportal

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/store"
)

func TestLinkSignsInTheRequestingBrowser(t *testing.T) {
	w, box, _ := linkWorld(t)
	w.user("ann")
	b := w.browser()
	at := b.get(solo + "/reports?x=1")
	to := at.url.Query().Get("to")
	b.get(alone+"/login/email_link?to="+url.QueryEscape(to)).wants(t, 200, `"Name":"link"`)
	b.post(alone+"/link", values("email", "ANN@example.com", "remember", "1", "to", to)).
		wants(t, 200, `"Account":"ann@example.com"`)
	l := box.one(w, "link", "ann@example.com")
	if !strings.HasPrefix(l.Link, alone+"/link?token=") {
		t.Errorf("leads to %s", l.Link)
	}
	// A scanner that follows every link of a message uses nothing up, nor does opening the page.
	for range 3 {
		w.browser().get(l.Link).wants(t, 200, `"Elsewhere":true`)
		b.get(l.Link).wants(t, 200, `"Token":"`+l.token(t)+`"`)
	}
	if b.signedInAs() != "" {
		t.Fatal("a GET signed in")
	}
	b.post(alone+"/link/finish", values("token", l.token(t))).
		wants(t, 200, "hello ann at alone.example.org/reports?x=1")
	b.api("GET", aloneAPI+"session", "").wants(t, 200, `"methods":["email_link"],"remembered":true`)
	// A used link says so when it is opened again, and works no second time.
	b.get(l.Link).wants(t, 200, `"Done":true`)
	b.post(alone+"/link/finish", values("token", l.token(t))).wants(t, 400, `"Elsewhere":false`)
	b.finishes("token", l.token(t)).wants(t, 400, `"code":"invalid_token"`)
	b.finishes("code", l.Code).wants(t, 401, `"code":"invalid_code"`)
	wantEvents(t, w, audit.EventSignIn, "ok", "refused another browser", "refused another browser",
		"refused no letter was asked for here")
	for _, e := range w.eventsOf(audit.EventSignIn) {
		if e.Method != "email_link" {
			t.Errorf("event %+v", e)
		}
	}
}

func TestCodeSignsInOnlyTheRequestingBrowser(t *testing.T) {
	w, box, _ := linkWorld(t)
	w.user("ann")
	b, other := w.browser(), w.browser()
	l := b.asksForLink(box, "ann@example.com", "to", "/reports?x=1")
	// The message is read in another browser. Neither link nor code works there, and neither is used up.
	other.finishes("code", l.Code).wants(t, 401, `"code":"invalid_code"`)
	other.finishes("token", l.token(t)).wants(t, 400, "enter the code of the letter there")
	other.post(alone+"/link/finish", values("token", l.token(t))).wants(t, 400, `"Elsewhere":true`)
	other.asksForLink(box, "ann@example.com") // now it has half of another secret
	other.finishes("code", l.Code).wants(t, 401, `"code":"invalid_code"`)
	other.finishes("token", l.token(t)).wants(t, 400, `"code":"invalid_token"`)
	if other.signedInAs() != "" {
		t.Fatal("signed in without a request")
	}
	b.finishes("code", l.Code).wants(t, 200, `{"location":"/reports?x=1","status":"signed_in"}`)
	if b.signedInAs() != "ann" {
		t.Error("not signed in")
	}
	b.finishes("token", l.token(t)).wants(t, 400, `"code":"invalid_token"`)
}

func TestLinkPageTakesTheCode(t *testing.T) {
	w, box, _ := linkWorld(t)
	w.user("ann")
	b := w.browser()
	asked := b.post(alone+"/link", values("email", "ann@example.com", "to", "/reports"))
	l, step := box.one(w, "link", "ann@example.com"), asked.step()
	again := b.post(alone+"/link/finish", values("step", step, "code", "999999", "to", "/reports"))
	again.wants(t, 401, "problem_invalid_code")
	if again.step() != step {
		t.Error("the form has changed")
	}
	b.post(alone+"/link/finish", values("step", "unknown", "code", l.Code)).wants(t, 401, "problem_invalid_code")
	b.post(alone+"/link/finish", values("step", step, "code", l.Code, "to", "/reports")).
		wants(t, 200, "hello ann at alone.example.org/reports")
}

func TestLinkIsForOnePurposeAndTenMinutes(t *testing.T) {
	w, box, _ := linkWorld(t)
	w.user("ann")
	b := w.browser()
	l := b.asksForLink(box, "ann@example.com")
	b.api("POST", aloneAPI+"password/reset", resetWith(l.token(t), "another password")).wants(t, 400, "invalid_token")
	b.api("POST", aloneAPI+"email/confirm", field("token", l.token(t))).wants(t, 400, "invalid_token")
	reset := w.forgot(box)
	b.finishes("token", reset).wants(t, 400, "invalid_token")
	b.get(alone+"/link?token="+reset).wants(t, 400, `"Expired":true`)
	b.finishes().wants(t, 400, "malformed")
	b.finishes("token", l.token(t), "code", l.Code).wants(t, 400, "malformed")
	w.pass(signin.LinkLife)
	b.get(l.Link).wants(t, 400, `"Expired":true`)
	b.finishes("token", l.token(t)).wants(t, 400, "invalid_token")
	b.finishes("code", l.Code).wants(t, 401, "invalid_code")
	// A message that the worker handles too late is not sent.
	b.api("POST", aloneAPI+"login/link", field("email", "ann@example.com"))
	w.pass(signin.LinkLife)
	box.none(w)
}

func TestTwoTabsRequestLinksAndBothArrive(t *testing.T) {
	w, box, _ := linkWorld(t)
	w.user("ann")
	w.user("bob")
	b := w.browser()
	b.post(alone+"/link", values("email", "ann@example.com", "to", "/one"))
	first := box.one(w, "link", "ann@example.com")
	b.post(alone+"/link", values("email", "ann@example.com", "to", "/two"))
	second := box.one(w, "link", "ann@example.com")
	b.post(alone+"/link/finish", values("token", first.token(t))).wants(t, 200, "hello ann at alone.example.org/one")
	b.post(alone+"/link/finish", values("token", second.token(t))).wants(t, 200, "hello ann at alone.example.org/two")

	// A person who requested two links may have either message open on either page, but not that of another account.
	tab := b.post(alone+"/link", values("email", "ann@example.com", "to", "/one")).step()
	first = box.one(w, "link", "ann@example.com")
	b.post(alone+"/link", values("email", "bob@example.com", "to", "/three"))
	bobs := box.one(w, "link", "bob@example.com")
	b.post(alone+"/link", values("email", "ann@example.com", "to", "/two"))
	second = box.one(w, "link", "ann@example.com")
	b.post(alone+"/link/finish", values("step", tab, "code", bobs.Code)).wants(t, 401, "problem_invalid_code")
	b.post(alone+"/link/finish", values("step", tab, "code", second.Code)).
		wants(t, 200, "hello ann at alone.example.org/two")
	b.finishes("code", bobs.Code).wants(t, 200, `"location":"/three"`)
	b.finishes("code", first.Code).wants(t, 200, `"location":"/one"`)
	if b.signedInAs() != "ann" {
		t.Error("another account is signed in")
	}
}

// The account counts as it is when the link is used, not as it was when the link was requested.
func TestEmailSignInJudgesTheCurrentAccount(t *testing.T) {
	for _, row := range []struct {
		name   string
		before func(*store.User) // the link is requested
		after  func(*store.User) // the link is used
		status int
		code   string
	}{
		{name: "disabled", after: func(u *store.User) { u.Enabled = false }, status: 403, code: "account_disabled"},
		{name: "address changed", after: func(u *store.User) { u.Email = "ann@example.net" }, status: 401,
			code: "invalid_code"},
		{name: "deleted", after: nil, status: 401, code: "invalid_code"},
		{name: "waits for approval", before: func(u *store.User) { u.Approved = false }, status: 403,
			code: "approval_pending"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, box, _ := linkWorld(t)
			u := w.user("ann")
			change := func(f func(*store.User)) {
				if f == nil {
					return
				}
				f(&u)
				var err error
				if u, err = w.users.UpdateUser(t.Context(), u); err != nil {
					t.Fatal(err)
				}
			}
			change(row.before)
			b := w.browser()
			l := b.asksForLink(box, "ann@example.com")
			if change(row.after); row.after == nil && row.before == nil {
				if err := w.users.DeleteUser(t.Context(), u.ID); err != nil {
					t.Fatal(err)
				}
			}
			b.finishes("code", l.Code).wants(t, row.status, `"code":"`+row.code+`"`)
			if b.signedInAs() != "" {
				t.Error("signed in")
			}
		})
	}
}

// An account that may not sign in gets the reason on a page, but only after the proof.
func TestEmailSignInShowsWhyAnAccountIsDenied(t *testing.T) {
	w, box, _ := linkWorld(t)
	u := w.user("ann")
	u.Approved = false
	if _, err := w.users.UpdateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	l := b.asksForLink(box, "ann@example.com")
	b.post(alone+"/link/finish", values("token", l.token(t))).wants(t, 403, "problem_approval_pending")
}

func TestAfterALinkTheSecondFactorIsStillAskedFor(t *testing.T) {
	w, box, _ := linkWorld(t, func(c *Config) {
		c.Methods = append(c.Methods, method.Configured{Name: "pin", Method: &pin{enrolled: true}, Second: true})
	})
	w.user("ann")
	b := w.browser()
	step, _ := b.finishes("code", b.asksForLink(box, "ann@example.com", "to", "/reports").Code).json(t)["step"].(string)
	if b.signedInAs() != "" || step == "" {
		t.Fatal("signed in without it, or it is not requested")
	}
	b.api("POST", aloneAPI+"login", field("step", step, "method", "pin", "code", "1234", "to", "/reports")).
		wants(t, 200, `"location":"/reports"`)
	b = w.browser()
	l := b.asksForLink(box, "ann@example.com")
	b.post(alone+"/link/finish", values("token", l.token(t))).wants(t, 200, `"Kind":"pin"`)
	if b.signedInAs() != "" {
		t.Error("signed in without it")
	}
}

func TestALinkLeadsBackToTheHostThatAsked(t *testing.T) {
	w, box, _ := linkWorld(t)
	w.user("ann")
	// Through the portal, to an app of another domain.
	b := w.browser()
	at := b.get(shop + "/cart?x=1")
	flow := at.url.Query().Get("flow")
	b.post(auth+"/link", values("email", "ann@example.com", "flow", flow)).wants(t, 200, `"Step":"`)
	l := box.one(w, "link", "ann@example.com")
	if !strings.HasPrefix(l.Link, auth+"/link?token=") {
		t.Fatalf("leads to %s", l.Link)
	}
	b.post(auth+"/link/finish", values("token", l.token(t))).wants(t, 200, "hello ann at shop.example.net/cart?x=1")

	// From a page of the app itself, although its gate uses the portal's pages: the browser's half is on this host.
	b = w.browser()
	b.api("POST", app+"/.gatehouse/api/v1/login/link", field("email", "ann@example.com", "to", "/deep")).
		wants(t, 202, "sent")
	l = box.one(w, "link", "ann@example.com")
	if !strings.HasPrefix(l.Link, app+"/.gatehouse/link?token=") {
		t.Fatalf("leads to %s", l.Link)
	}
	b.get(l.Link).wants(t, 200, `"Token":"`)
	b.post(app+"/.gatehouse/link/finish", values("token", l.token(t))).
		wants(t, 200, "hello ann at app.example.com/deep")
	// A gate that does not know its address: the portal's page says to enter the code, which works.
	w.sites["app.example.com"].Addresses = nil
	b = w.browser()
	b.api("POST", app+"/.gatehouse/api/v1/login/link", field("email", "ann@example.com")).wants(t, 202, "sent")
	l = box.one(w, "link", "ann@example.com")
	b.get(l.Link).wants(t, 200, `"Elsewhere":true`)
	b.api("POST", app+"/.gatehouse/api/v1/login/link/finish", field("code", l.Code)).wants(t, 200, "signed_in")
	// Without a token the page is the portal's.
	if p := w.browser().get(app + "/.gatehouse/link?to=%2Fdeep"); p.url.Host != "auth.example.com" ||
		p.url.Path != "/link" || p.url.Query().Get("flow") == "" {
		t.Errorf("led to %s", p.url)
	}
}

func TestLongReturnURLDoesNotPreventEmailSignIn(t *testing.T) {
	w, box, _ := linkWorld(t)
	w.user("ann")
	b := w.browser()
	to := "/" + strings.Repeat("a", 4000)
	b.api("POST", aloneAPI+"login/link", field("email", "ann@example.com", "to", to)).wants(t, 202, "sent")
	b.finishes("code", box.one(w, "link", "ann@example.com").Code).wants(t, 200, `"status":"signed_in"`)
}

func TestEmailSignInSatisfiesAFreshRule(t *testing.T) {
	w, box, _ := linkWorld(t)
	b, _ := w.member("ann")
	w.pass(20 * time.Minute)
	at := b.get(solo + "/fresh")
	at.wants(t, 200, `"Reason":"fresh"`)
	to := at.url.Query().Get("to")
	b.get(alone+"/link?to="+url.QueryEscape(to)).wants(t, 200, `"email":"ann@example.com"`)
	b.post(alone+"/link", values("email", "ann@example.com", "to", to))
	l := box.one(w, "link", "ann@example.com")
	b.post(alone+"/link/finish", values("token", l.token(t))).wants(t, 200, "hello ann at alone.example.org/fresh")
	b.api("GET", aloneAPI+"session", "").wants(t, 200, `"methods":["password","email_link"]`)
}

func TestSigningInByMailIsOfferedWhereItIsConfigured(t *testing.T) {
	w, box, _ := linkWorld(t)
	b := w.browser()
	b.api("GET", aloneAPI+"login", "").
		wants(t, 200, `{"name":"email_link","kind":"email_link","label":"email_link","url":"/.gatehouse/link"}`)
	b.get(alone+"/login?to=%2Fx").wants(t, 200, `"URL":"/.gatehouse/link?to=%2Fx"`)
	b.get(alone+"/login").wants(t, 200, `"MailForm":false`)
	b.api("POST", aloneAPI+"login", `{"method":"email_link","login":"ann@example.com","code":"123456"}`).
		wants(t, 400, "malformed")
	box.none(w)

	w, _, _ = linkWorld(t, func(c *Config) { c.Methods = c.Methods[1:] })
	w.browser().get(alone+"/login").wants(t, 200, `"MailForm":true`)
	w.browser().api("POST", aloneAPI+"login", `{"login":"ann","password":"right"}`).wants(t, 400, "malformed")

	w, _ = mailWorld(t)
	w.browser().api("POST", aloneAPI+"login/link", `{"email":"ann@example.com"}`).wants(t, 404, "not_found")
	w.browser().finishes("code", "123456").wants(t, 404, "not_found")
	w.browser().get(alone+"/link").wants(t, 404, "not_found")
}

func TestSigningInByMailNeedsMail(t *testing.T) {
	_, err := New(Config{Users: &flakyUsers{}, Sessions: &flaky{}, Keys: &keyring.Keys{}, Pages: rawPages{},
		Methods: []method.Configured{{Name: "email_link", Method: &plainLink{}}}})
	if err == nil || !strings.Contains(err.Error(), "login email_link needs mail") {
		t.Error(err)
	}
}
