package authportal

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

func TestProviderSignIn(t *testing.T) {
	t.Run("an identified person arrives at their return URL", func(t *testing.T) {
		p := newProviders(t)
		b := p.browser()
		at := b.get(app + "/deep?x=1")
		q := p.corp.SignIn(b.led(auth+"/login/corp?flow="+at.url.Query().Get("flow")), person("ada"))
		b.fromProvider(auth+"/callback/corp", q).wants(t, 200, "hello ada at app.example.com/deep?x=1")
		b.api("GET", auth+"/api/v1/session", "").wants(t, 200, `"methods":["corp"]`)
		if c := b.cookie(auth, "__Host-gatehouse-signin"); c != "" {
			t.Error("the state outlived the sign-in")
		}
	})
	t.Run("an API client gets the provider's address", func(t *testing.T) {
		p := newProviders(t)
		b := p.browser()
		b.api("POST", loginCall, `{"method":"corp"}`).wants(t, 200, `"status":"redirect"`)
		b.api("POST", loginCall, `{"method":"forms"}`).wants(t, 200, `"status":"post"`)
	})
	t.Run("an unknown identity is refused where sign-up is closed", func(t *testing.T) {
		p := newProviders(t, func(c *Config) { c.Settings.Signup.Mode = settings.SignupClosed })
		b := p.browser()
		eve := person("eve")
		eve.Email, eve.EmailVerified = "eve@example.com", true
		q := p.corp.SignIn(b.led(auth+"/login/corp"), eve)
		b.fromProvider(auth+"/callback/corp", q).wants(t, 403, "problem_signup_closed")
		if b.cookie(auth, "__Host-gatehouse") != "" || len(p.eventsOf(audit.EventSignIn)) != 1 {
			t.Errorf("events %+v", p.eventsOf(audit.EventSignIn))
		}
	})
	t.Run("an unknown identity gets an account where sign-up is open", func(t *testing.T) {
		p := newProviders(t)
		b := p.browser()
		eve := person("eve")
		eve.Email, eve.EmailVerified = "eve@example.com", true
		b.fromProvider(auth+"/callback/corp", p.corp.SignIn(b.led(auth+"/login/corp"), eve)).wants(t, 200, "")
		b.api("GET", auth+"/api/v1/session", "").wants(t, 200, `"email":"eve@example.com"`)
	})
	t.Run("a refusal signs nobody in, and ends the pending sign-in", func(t *testing.T) {
		p := newProviders(t)
		b := p.browser()
		sent := b.led(auth + "/login/corp")
		b.fromProvider(auth+"/callback/corp", url.Values{"state": sent["state"], "error": {"access_denied"}}).
			wants(t, 401, "problem_sign_in_refused")
		b.fromProvider(auth+"/callback/corp", p.corp.SignIn(sent, person("ada"))).
			wants(t, 400, "problem_sign_in_expired")
	})
	t.Run("callback addresses are kept out of logs, unknown ones are not found", func(t *testing.T) {
		p := newProviders(t)
		for path, want := range map[string]bool{"/callback/corp": true, "/callback/forms/continue": true,
			"/callback/nobody": false, "/login/corp": false} {
			if p.p.Web.SecretInURL(path) != want {
				t.Errorf("SecretInURL(%q) = %v", path, !want)
			}
		}
		if !web.SecretInRedirect("/auth/callback/forms/continue?ticket=x") {
			t.Error("a ticket would be logged")
		}
		p.browser().get(auth+"/callback/nobody?code=x").wants(t, 404, "not_found")
		p.browser().get(auth+"/provider/corp/metadata").wants(t, 200, `{"base":"https://auth.example.com"}`)
	})
}

func TestProviderTabsInParallel(t *testing.T) {
	p := newProviders(t)
	b := p.browser()
	var ways []url.Values
	for _, at := range []string{"/1", "/2", "/3", "/4"} {
		flow := b.get(app + at).url.Query().Get("flow")
		ways = append(ways, b.led(auth+"/login/corp?flow="+flow))
	}
	p.reload() // a reload in between
	for _, i := range []int{2, 0, 3, 1} {
		q := p.corp.SignIn(ways[i], person("ada"))
		b.fromProvider(auth+"/callback/corp", q).wants(t, 200, "hello ada at app.example.com/"+string(rune('1'+i)))
	}
}

func TestIdentityBetweenProofAndSession(t *testing.T) {
	link := func(p *providers) store.Credential {
		u, err := p.users.FindUser(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		links, err := p.users.CredentialsOf(t.Context(), u.ID, store.KindIdentity)
		if err != nil || len(links) == 0 {
			t.Fatalf("%d links, %v", len(links), err)
		}
		i := slices.IndexFunc(links, func(c store.Credential) bool {
			return strings.Contains(string(c.Data), person("ada").Issuer)
		})
		return links[max(i, 0)]
	}
	t.Run("a parallel tab that stores the identity again does not end the sign-in", func(t *testing.T) {
		p := newProviders(t)
		b := p.browser()
		q := p.corp.SignIn(b.led(auth+"/login/corp"), person("ada"))
		p.shop.created = func() {
			if err := p.users.SwapCredential(t.Context(), link(p)); err != nil {
				t.Error(err)
			}
		}
		b.fromProvider(auth+"/callback/corp", q).wants(t, 200, "")
		b.api("GET", auth+"/api/v1/session", "").wants(t, 200, `"methods":["corp"]`)
	})
	t.Run("an identity that is unlinked meanwhile signs no one in", func(t *testing.T) {
		p := newProviders(t)
		b := p.browser()
		q := p.corp.SignIn(b.led(auth+"/login/corp"), person("ada"))
		p.shop.created = func() {
			k := link(p)
			if err := p.users.DeleteCredential(t.Context(), k.Kind, k.ID); err != nil {
				t.Error(err)
			}
		}
		b.fromProvider(auth+"/callback/corp", q)
		b.api("GET", auth+"/api/v1/session", "").wants(t, 401, "login_required")
	})
}

func TestProviderAnswersOfOthers(t *testing.T) {
	refused := func(t *testing.T, b *browser, got page, status int, code string) {
		t.Helper()
		got.wants(t, status, "problem_"+code)
		if b.cookie(auth, "__Host-gatehouse") != "" {
			t.Error("signed in")
		}
	}
	t.Run("one tab's code under another tab's state", func(t *testing.T) {
		p := newProviders(t)
		b := p.browser()
		one, two := b.led(auth+"/login/corp"), b.led(auth+"/login/corp")
		q := p.corp.SignIn(one, person("ada"))
		q["state"] = two["state"]
		refused(t, b, b.fromProvider(auth+"/callback/corp", q), 401, "sign_in_refused")
	})
	t.Run("another browser's answer, as in login CSRF", func(t *testing.T) {
		p := newProviders(t)
		eve, ada := p.browser(), p.browser()
		q := p.corp.SignIn(eve.led(auth+"/login/corp"), person("bob"))
		refused(t, ada, ada.fromProvider(auth+"/callback/corp", q), 400, "sign_in_expired")
		ada.led(auth + "/login/corp") // a pending sign-in of her own
		refused(t, ada, ada.fromProvider(auth+"/callback/corp", q), 400, "sign_in_expired")
	})
	t.Run("at another provider's callback, as in a mix-up (RFC 9700 4.4)", func(t *testing.T) {
		p := newProviders(t)
		b := p.browser()
		q := p.corp.SignIn(b.led(auth+"/login/corp"), person("ada"))
		refused(t, b, b.fromProvider(auth+"/callback/forms", q), 400, "sign_in_expired")
	})
	t.Run("a replayed answer", func(t *testing.T) {
		p := newProviders(t)
		b := p.browser()
		q := p.corp.SignIn(b.led(auth+"/login/corp"), person("ada"))
		b.fromProvider(auth+"/callback/corp", q).wants(t, 200, "")
		b.post(auth+"/logout", url.Values{})
		refused(t, b, b.fromProvider(auth+"/callback/corp", q), 400, "sign_in_expired")
	})
	t.Run("a replayed answer with the old state cookie", func(t *testing.T) {
		p := newProviders(t)
		b := p.browser()
		sent := b.led(auth + "/login/corp")
		kept := b.cookie(auth, "__Host-gatehouse-signin")
		q := p.corp.SignIn(sent, person("ada"))
		b.fromProvider(auth+"/callback/corp", q).wants(t, 200, "")
		b.post(auth+"/logout", url.Values{})
		b.setCookie(auth, "__Host-gatehouse-signin", kept)
		refused(t, b, b.fromProvider(auth+"/callback/corp", q), 401, "sign_in_refused")
	})
	t.Run("after ten minutes", func(t *testing.T) {
		p := newProviders(t)
		b := p.browser()
		q := p.corp.SignIn(b.led(auth+"/login/corp"), person("ada"))
		p.pass(11 * time.Minute)
		refused(t, b, b.fromProvider(auth+"/callback/corp", q), 400, "sign_in_expired")
	})
	t.Run("sent to the login form", func(t *testing.T) {
		p := newProviders(t)
		b := p.browser()
		q := p.corp.SignIn(b.led(auth+"/login/corp"), person("ada"))
		token, _, _ := strings.Cut(q.Get("state"), ".")
		f := url.Values{"step": {token}, "method": {"corp"}, "code": q["code"], "state": q["state"]}
		refused(t, b, b.post(auth+"/login", f), 400, "sign_in_expired")
	})
	t.Run("a step of the login form at a callback", func(t *testing.T) {
		p := newProviders(t, withLetter)
		b := p.browser()
		step := b.get(auth + "/login/letter").step()
		refused(t, b, b.fromProvider(auth+"/callback/letter", url.Values{"state": {step}}), 400, "sign_in_expired")
	})
	t.Run("guesses at answers are counted by address", func(t *testing.T) {
		p := newProviders(t, func(c *Config) { c.Settings.Address = settings.Limit{Count: 3, Window: time.Minute} })
		b := p.browser()
		var got []int
		for range 4 {
			got = append(got, b.fromProvider(auth+"/callback/corp",
				url.Values{"state": {"x"}, "code": {"y"}}).StatusCode)
		}
		if !slices.Equal(got, []int{400, 400, 400, 429}) {
			t.Errorf("%v", got)
		}
	})
}

func TestProviderReturnAddressTooLong(t *testing.T) {
	p := newProviders(t)
	b := p.browser()
	sent := b.led(auth + "/login/corp?to=/" + strings.Repeat("x", 3500))
	got := b.fromProvider(auth+"/callback/corp", p.corp.SignIn(sent, person("ada")))
	if got.url.Path != "/account" || b.cookie(auth, "__Host-gatehouse") == "" {
		t.Errorf("%d at %s", got.StatusCode, got.url)
	}
	// A return URL that does not fit is dropped; the sign-in still works.
	p.user("eve")
	c := p.browser()
	for range 6 {
		c.led(auth + "/login/corp?to=/" + strings.Repeat("y", 1500))
	}
	c.led(auth + "/login/corp?to=/" + strings.Repeat("y", 2600))
	if n := len(c.cookie(auth, "__Host-gatehouse-signin")); n == 0 || n > signin.PendingBytes {
		t.Errorf("%d bytes", n)
	}
}
