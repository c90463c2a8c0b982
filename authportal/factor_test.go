package authportal

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// give enrols a device for an account directly in the store.
func (p *providers) give(name, device string) {
	p.t.Helper()
	u, err := p.users.FindUser(p.t.Context(), name)
	if err == nil {
		err = p.users.PutCredential(p.t.Context(),
			store.Credential{Kind: "device", ID: device, Owner: u.ID, Data: []byte("key"), Created: p.clock()})
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// options returns the options of a step in a response.
func (p page) options(t *testing.T) json.RawMessage {
	t.Helper()
	m := regexp.MustCompile(`challenge\\*":\\*"([A-Z0-9]+)`).FindStringSubmatch(p.body)
	if m == nil {
		t.Fatalf("no options: %d %s", p.StatusCode, p.body)
	}
	return json.RawMessage(`{"challenge":"` + m[1] + `"}`)
}

func TestSecondFactorBegins(t *testing.T) {
	t.Run("on the page at once, with its challenge", func(t *testing.T) {
		p := newProviders(t)
		p.give("ada", "phone")
		b := p.browser()
		at := b.get(app + "/x")
		got := b.signIn(at, "ada", "right")
		answer := p.device.Answer("phone", got.options(t))
		p.reload()
		f := url.Values{"step": {got.step()}, "method": {"device"}, "answer": {string(answer)},
			"flow": {at.url.Query().Get("flow")}}
		b.post(auth+"/login", f).wants(t, 200, "hello ada at app.example.com/x")
		b.get(app+"/mfa").wants(t, 200, "hello ada")
	})
	t.Run("for an API client when it chooses", func(t *testing.T) {
		p := newProviders(t)
		p.give("ada", "phone")
		b := p.browser()
		got := b.tryLogin("ada", "right")
		if got.wants(t, 200, `"status":"second_factor"`); p.device.Begun() != 0 {
			t.Error("began before it was chosen")
		}
		got = b.api("POST", loginCall, `{"step":"`+got.step()+`","method":"device"}`)
		got.wants(t, 200, `"options":{"challenge":`)
		answer := string(p.device.Answer("phone", got.options(t)))
		b.api("POST", loginCall, `{"step":"`+got.step()+`","answer":`+answer+`}`).wants(t, 200, "signed_in")
		b.api("GET", apiBase+"/session", "").wants(t, 200, `"methods":["password","device"]`)
	})
	t.Run("another step's challenge, another user's device and no challenge are refused", func(t *testing.T) {
		p := newProviders(t)
		p.give("ada", "phone")
		p.give("bob", "key")
		b := p.browser()
		first := b.tryLogin("ada", "right")
		begun := b.api("POST", loginCall, `{"step":"`+first.step()+`","method":"device"}`)
		stale := begun.options(t)
		for what, answer := range map[string]json.RawMessage{"another's device": p.device.Answer("key", stale),
			"no challenge": []byte(`{"device":"phone"}`), "no object": []byte(`"x"`)} {
			got := b.api("POST", loginCall, `{"step":"`+begun.step()+`","answer":`+string(answer)+`}`)
			if got.StatusCode != 401 || got.code() != "invalid_code" {
				t.Errorf("%s: %d %s", what, got.StatusCode, got.body)
			}
		}
		again := b.tryLogin("ada", "right")
		again = b.api("POST", loginCall, `{"step":"`+again.step()+`","method":"device"}`)
		answer := string(p.device.Answer("phone", stale))
		got := b.api("POST", loginCall, `{"step":"`+again.step()+`","answer":`+answer+`}`)
		if got.code() != "invalid_code" {
			t.Errorf("an earlier challenge: %d %s", got.StatusCode, got.body)
		}
		if got := b.api("POST", loginCall, `{"step":"`+again.step()+`","method":"corp"}`); got.code() != "malformed" {
			t.Errorf("a provider instead of a factor: %d %s", got.StatusCode, got.body)
		}
	})
	t.Run("beginning it repeatedly is limited", func(t *testing.T) {
		p := newProviders(t)
		p.give("ada", "phone")
		b := p.browser()
		step, last := b.tryLogin("ada", "right").step(), page{}
		for range signin.FactorBegins.Count + 1 {
			last = b.api("POST", loginCall, `{"step":"`+step+`","method":"device"}`)
			if s := last.step(); s != "" {
				step = b.tryLogin("ada", "right").step()
			}
		}
		if last.StatusCode != 429 || p.device.Begun() != signin.FactorBegins.Count {
			t.Errorf("%d after %d", last.StatusCode, p.device.Begun())
		}
	})
}

func TestProofWorthTwoFactors(t *testing.T) {
	for _, c := range []struct {
		what  string
		trust bool
		amr   []string
		want  int
	}{
		{"a provider's second factor that is trusted", true, []string{"pwd", "mfa"}, 200},
		{"one that is not trusted", false, []string{"mfa"}, 403},
		{"none, although it would be trusted", true, []string{"pwd"}, 403},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := newProviders(t, func(cfg *Config) {
				for i := range cfg.Methods {
					cfg.Methods[i].Options = method.ProviderOptions{TrustMFA: c.trust}
				}
			})
			b := p.browser()
			id := person("ada")
			id.AMR = c.amr
			flow := b.get(app + "/").url.Query().Get("flow")
			b.fromProvider(auth+"/callback/corp", p.corp.SignIn(b.led(auth+"/login/corp?flow="+flow), id)).
				wants(t, 200, "hello ada")
			b.get(app+"/mfa").wants(t, c.want, "")
		})
	}
}

func TestRequiredSecondFactor(t *testing.T) {
	p := newProviders(t, func(c *Config) { c.Settings.MFA = settings.MFASettings{RequireRoles: []string{"editor"}} })
	p.give("bob", "key")
	for _, name := range []string{"ada", "bob"} {
		u, err := p.users.FindUser(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		u.Roles = []string{"admin"} // includes editor
		if _, err := p.users.UpdateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.browser().tryLogin("ada", "right"); got.StatusCode != 403 || got.code() != "second_factor_required" {
		t.Errorf("an account without one: %d %s", got.StatusCode, got.body)
	}
	p.browser().tryLogin("bob", "right").wants(t, 200, `"status":"second_factor"`)
	p.user("eve")
	p.browser().tryLogin("eve", "right").wants(t, 200, "signed_in")
}

// adds adds routes that add something to an account.
func (p *providers) adds() {
	respond := func(c *web.Call, out *signin.LoginResult, err error) error {
		switch {
		case err != nil:
			return err
		case out.Added != nil:
			return c.JSON(http.StatusOK, out.Added)
		}
		return p.p.SignIn.SignedIn(c, http.StatusOK, out)
	}
	for name, purpose := range map[string]method.Purpose{"enrol": method.Enrol, "link": method.Link} {
		path := "/test/" + name
		p.p.Web.Handle(p.p.SignIn, []web.Route{{Method: "POST", Path: path, Do: func(c *web.Call) error {
			c.API = true
			out, err := p.p.SignIn.BeginAdding(c, purpose, c.Request.URL.Query().Get("method"))
			return respond(c, out, err)
		}}})
	}
	path := "/test/finish"
	p.p.Web.Handle(p.p.SignIn, []web.Route{{Method: "POST", Path: path, Do: func(c *web.Call) error {
		c.API = true
		raw := map[string]json.RawMessage{}
		if err := c.Decode(&raw); err != nil {
			return err
		}
		out, err := p.p.SignIn.ContinueAdding(c, signin.LoginInput{Step: c.Request.URL.Query().Get("step"),
			Answered: true, JSON: func(n string) json.RawMessage { return raw[n] }})
		return respond(c, out, err)
	}}})
}

func TestEnrolment(t *testing.T) {
	begin := solo + "/.gatehouse/test/enrol?method=device"
	start := func(t *testing.T) (*providers, *browser, page) {
		t.Helper()
		p := newProviders(t)
		p.adds()
		b := p.browser()
		b.tryLogin("ada", "right").wants(t, 200, "signed_in")
		got := b.api("POST", begin, "")
		got.wants(t, 200, `"status":"step"`)
		return p, b, got
	}
	finish := func(p *providers, t *testing.T, b *browser, got page) page {
		t.Helper()
		return b.api("POST", solo+"/.gatehouse/test/finish?step="+got.step(),
			`{"answer":`+string(p.device.Answer("phone", got.options(t)))+`}`)
	}
	owners := func(p *providers) int {
		u, err := p.users.FindUser(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		list, err := p.users.CredentialsOf(t.Context(), u.ID, "device")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	t.Run("the owner's device is stored, and its secrets are shown once", func(t *testing.T) {
		p, b, got := start(t)
		finish(p, t, b, got).wants(t, 200, `"ShowOnce":["recovery of phone"]`)
		if owners(p) != 1 {
			t.Error("not stored")
		}
		if again := finish(p, t, b, got); again.code() != "sign_in_expired" {
			t.Errorf("again: %d %s", again.StatusCode, again.body)
		}
		p.browser().tryLogin("ada", "right").wants(t, 200, `"status":"second_factor"`)
	})
	t.Run("another session, a signed-out one and an old step enrol nothing", func(t *testing.T) {
		for what, change := range map[string]func(p *providers, b *browser){
			"signed out":      func(_ *providers, b *browser) { b.api("POST", apiBase+"/logout", `{}`) },
			"another account": func(_ *providers, b *browser) { b.tryLogin("bob", "right") },
			"old":             func(p *providers, _ *browser) { p.pass(11 * time.Minute) },
		} {
			p, b, got := start(t)
			change(p, b)
			if answer := finish(p, t, b, got); answer.code() != "sign_in_expired" || owners(p) != 0 {
				t.Errorf("%s: %d %s", what, answer.StatusCode, answer.body)
			}
		}
	})
	t.Run("its step does not sign in, and the step of a sign-in does not enrol", func(t *testing.T) {
		p, b, got := start(t)
		device := string(p.device.Answer("phone", got.options(t)))
		answer := b.api("POST", loginCall, `{"step":"`+got.step()+`","answer":`+device+`}`)
		if answer.code() != "sign_in_expired" {
			t.Errorf("%d %s", answer.StatusCode, answer.body)
		}
		p.give("bob", "key")
		c := p.browser()
		step := c.tryLogin("bob", "right").step()
		answer = c.api("POST", solo+"/.gatehouse/test/finish?step="+step, `{"answer":{}}`)
		if answer.code() != "sign_in_expired" {
			t.Errorf("%d %s", answer.StatusCode, answer.body)
		}
	})
	t.Run("it needs a recent login", func(t *testing.T) {
		p, b, _ := start(t)
		p.pass(11 * time.Minute)
		if answer := b.api("POST", begin, ""); answer.code() != "fresh_login_required" {
			t.Errorf("%d %s", answer.StatusCode, answer.body)
		}
		if answer := p.browser().api("POST", begin, ""); answer.code() != "login_required" {
			t.Errorf("%d %s", answer.StatusCode, answer.body)
		}
	})
}

func TestLinkingAnIdentity(t *testing.T) {
	p := newProviders(t)
	p.adds()
	b := p.browser()
	b.tryLogin("ada", "right").wants(t, 200, "signed_in")
	got := b.api("POST", solo+"/.gatehouse/test/link?method=corp", "")
	got.wants(t, 200, `"status":"redirect"`)
	var led struct{ Location string }
	if err := json.Unmarshal([]byte(got.body), &led); err != nil {
		t.Fatal(err)
	}
	before := b.cookie(solo, "__Host-gatehouse")
	q := p.corp.SignIn(mustURL(led.Location).Query(), person("somebody else there"))
	after := b.fromProvider(solo+"/.gatehouse/callback/corp", q)
	if after.url.Path != "/.gatehouse/account" || b.cookie(solo, "__Host-gatehouse") != before {
		t.Errorf("%d at %s: %s", after.StatusCode, after.url, after.body)
	}
	b.api("GET", apiBase+"/session", "").wants(t, 200, `"username":"ada"`)
}

func TestMethodsShareTheForm(t *testing.T) {
	other := &plainPassword{}
	w := newWorld(t, func(c *Config) {
		other.users = c.Users
		c.Methods = append(c.Methods, method.Configured{Name: "corp", Method: other, Label: "Corp"})
	})
	w.user("ada")
	w.browser().api("GET", apiBase+"/login", "").
		wants(t, 200, `"methods":[{"name":"password","kind":"password","label":"password"},`+
			`{"name":"corp","kind":"password","label":"Corp"}]`)
	w.browser().api("POST", loginCall, `{"method":"corp","login":"ada","password":"right"}`).wants(t, 200, "signed_in")
	w.browser().tryLogin("ada", "right").wants(t, 200, "signed_in") // the first configured
	if other.spent.Load() != 1 || w.pw.spent.Load() != 1 {
		t.Errorf("%d and %d", other.spent.Load(), w.pw.spent.Load())
	}
}
