package authportal

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
)

func TestSignUpSignsIn(t *testing.T) {
	w, _ := newAccounts(t, withSignup(settings.SignupSettings{Mode: settings.SignupOpen, Roles: []string{"member"}, Fields: []settings.SignupField{{Name: "company", Required: true}}}))
	b := w.browser()
	p := b.api("POST", aloneAPI+"signup", `{"email":" Ann@Example.COM ","password":"correct horse","name":"Ann Lee","company":"ACME"}`)
	if p.StatusCode != 201 || p.body != `{"status":"signed_in"}`+"\n" {
		t.Fatalf("%d %s", p.StatusCode, p.body)
	}
	u := w.account("ann@example.com")
	if u.Username != "ann@example.com" || u.Name != "Ann Lee" || u.Attributes["company"] != "ACME" || len(u.Roles) != 1 || u.Roles[0] != "member" || !u.Enabled || !u.Approved {
		t.Errorf("%+v", u)
	}
	if u.Confirmed {
		t.Error("the address counts as confirmed before its confirmation")
	}
	s := b.api("GET", aloneAPI+"session", "").json(t)["user"].(map[string]any)
	if s["username"] != "ann@example.com" || s["email"] != "ann@example.com" || s["confirmed"] != false {
		t.Errorf("the session is %v", s)
	}
	wantEvents(t, w, audit.EventSignUp, "ok")
	other := w.browser()
	other.enter("ANN@example.com", "correct horse")
}

func TestSignUpReturnsToTheReturnURL(t *testing.T) {
	w, _ := newAccounts(t)
	p := w.browser().api("POST", aloneAPI+"signup", `{"email":"a@example.com","password":"correct horse","to":"/posts?x=1"}`)
	p.wants(t, 201, `"location":"/posts?x=1"`)
	p = w.browser().api("POST", aloneAPI+"signup", `{"email":"b@example.com","password":"correct horse","to":"//evil.example/"}`)
	if strings.Contains(p.body, "evil") {
		t.Errorf("leads to %s", p.body)
	}
}

func TestSignUpFormWorksWithoutJavaScript(t *testing.T) {
	w, _ := newAccounts(t, withSignup(settings.SignupSettings{Mode: settings.SignupOpen, Fields: []settings.SignupField{{Name: "username", Required: true}}}))
	b := w.browser()
	b.get(alone+"/signup").wants(t, 200, "username")
	p := b.post(alone+"/signup", values("email", "ann@example.com", "password", "short", "name", "Ann", "username", "ann"))
	p.wants(t, 422, "problem_password_not_acceptable")
	if strings.Contains(p.body, "short") && strings.Contains(p.body, `value="short"`) {
		t.Error("the form comes back with the password")
	}
	b.post(alone+"/signup", values("email", "ann@example.com", "password", "correct horse", "username", "Ann", "to", "")).wants(t, 200, "account")
	if got := b.signedInAs(); got != "ann" {
		t.Errorf("signed in as %q", got)
	}
	w.browser().post(alone+"/signup", values("email", "bob@example.com", "password", "correct horse", "username", "ann")).wants(t, 409, "problem_username_taken")
}

// An app of another host uses the portal's page, which returns to the app, signed in.
func TestSignUpAtThePortalReturnsToTheApp(t *testing.T) {
	w, _ := newAccounts(t)
	b := w.browser()
	at := b.get("https://app.example.com/.gatehouse/signup?to=" + strings.SplitAfter(b.once("https://app.example.com/hello?a=b").Header.Get("Location"), "to=")[1])
	if at.url.Host != "auth.example.com" || at.url.Path != "/signup" {
		t.Fatalf("led to %s", at.url)
	}
	p := b.post("https://auth.example.com/signup", values("email", "ann@example.com", "password", "correct horse", "flow", at.url.Query().Get("flow")))
	p.wants(t, 200, "hello ann@example.com at app.example.com/hello?a=b")
}

func TestSignUpRefusals(t *testing.T) {
	w, _ := newAccounts(t, withSignup(settings.SignupSettings{Mode: settings.SignupOpen, Fields: []settings.SignupField{{Name: "company", Required: true}, {Name: "username"}}}))
	w.user("taken")
	for _, c := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"a known address", `{"email":"TAKEN@example.com","password":"correct horse","company":"x"}`, 409, `"code":"user_exists"`},
		{"a known username", `{"email":"a@example.com","password":"correct horse","company":"x","username":"Taken"}`, 409, `"code":"username_taken"`},
		{"a short password", `{"email":"a@example.com","password":"1234567","company":"x"}`, 422, `"reason":"too_short"`},
		{"no password", `{"email":"a@example.com","company":"x"}`, 422, `"reason":"too_short"`},
		{"no address", `{"password":"correct horse","company":"x"}`, 422, `"field":"email"`},
		{"two addresses", `{"email":"a@example.com,b@example.com","password":"correct horse","company":"x"}`, 422, `"field":"email"`},
		{"a list of addresses", `{"email":["a@example.com","b@example.com"],"password":"correct horse","company":"x"}`, 422, `"field":"email"`},
		{"a header in the address", `{"email":"a@example.com\r\nBcc: b@example.com","password":"correct horse","company":"x"}`, 422, `"field":"email"`},
		{"a username with a separator", `{"email":"a@example.com","password":"correct horse","company":"x","username":"a,admin"}`, 422, `"field":"username"`},
		{"the address of another as username", `{"email":"a@example.com","password":"correct horse","company":"x","username":"taken@example.com"}`, 422, `"field":"username"`},
		{"a required field that is missing", `{"email":"a@example.com","password":"correct horse"}`, 422, `"field":"company"`},
		{"a required field of spaces", `{"email":"a@example.com","password":"correct horse","company":" "}`, 422, `"field":"company"`},
		{"a field without end", `{"email":"a@example.com","password":"correct horse","company":"` + strings.Repeat("x", 1001) + `"}`, 422, `"field":"company"`},
		{"a line break in a field", `{"email":"a@example.com","password":"correct horse","company":"x\nX-Role: admin"}`, 422, `"field":"company"`},
		{"an object as a field", `{"email":"a@example.com","password":"correct horse","company":{"a":"b"}}`, 422, `"field":"company"`},
		{"a name that turns text around", `{"email":"a@example.com","password":"correct horse","company":"x","name":"\u202eAnn"}`, 422, `"field":"name"`},
		{"roles", `{"email":"a@example.com","password":"correct horse","company":"x","roles":["admin"]}`, 422, `"field":"roles"`},
		{"enabled", `{"email":"a@example.com","password":"correct horse","company":"x","enabled":true}`, 422, `"field":"enabled"`},
		{"confirmed", `{"email":"a@example.com","password":"correct horse","company":"x","confirmed":true}`, 422, `"field":"confirmed"`},
		{"attributes", `{"email":"a@example.com","password":"correct horse","company":"x","attributes":{"plan":"gold"}}`, 422, `"field":"attributes"`},
		{"an id", `{"email":"a@example.com","password":"correct horse","company":"x","id":"x"}`, 422, `"field":"id"`},
		{"another column", `{"email":"a@example.com","password":"correct horse","company":"x","plan":"gold"}`, 422, `"field":"plan"`},
		{"no object", `[]`, 400, `"code":"malformed"`},
	} {
		b := w.browser()
		if p := b.api("POST", aloneAPI+"signup", c.body); p.StatusCode != c.status || !strings.Contains(p.body, c.want) || p.code() == "" {
			t.Errorf("%s: %d %s", c.name, p.StatusCode, p.body)
		}
		if b.signedInAs() != "" {
			t.Errorf("%s: signed in", c.name)
		}
	}
	if w.count() != 1 {
		t.Errorf("%d accounts", w.count())
	}
}

func TestUsernameNeedsItsField(t *testing.T) {
	w, _ := newAccounts(t)
	w.browser().api("POST", aloneAPI+"signup", `{"email":"a@example.com","password":"correct horse","username":"root"}`).wants(t, 422, `"field":"username"`)
}

func TestClosedSignUp(t *testing.T) {
	for _, mode := range []settings.SignupMode{settings.SignupClosed, settings.SignupInvite, ""} {
		w, _ := newAccounts(t, withSignup(settings.SignupSettings{Mode: mode}))
		p := w.browser().api("POST", aloneAPI+"signup", `{"email":"a@example.com","password":"correct horse"}`)
		p.wants(t, 403, `"code":"signup_closed"`)
		w.browser().get(alone+"/signup").wants(t, 403, `"Closed":true`)
		w.browser().post(alone+"/signup", values("email", "a@example.com", "password", "correct horse")).wants(t, 403, `"Closed":true`)
		if w.count() != 0 {
			t.Errorf("%q: %d accounts", mode, w.count())
		}
	}
}

// A hundred concurrent sign-ups with one address make one account.
func TestConcurrentSignUpsMakeOneAccount(t *testing.T) {
	w, k := newAccounts(t)
	var wg sync.WaitGroup
	codes := make([]int, 100)
	for i := range codes {
		b := w.browser()
		wg.Go(func() {
			codes[i] = b.api("POST", aloneAPI+"signup", `{"email":"ann@example.com","password":"correct horse"}`).StatusCode
		})
	}
	wg.Wait()
	made := 0
	for _, code := range codes {
		switch code {
		case 201:
			made++
		case 409:
		default:
			t.Errorf("status %d", code)
		}
	}
	if made != 1 || w.count() != 1 {
		t.Errorf("%d of 100 sign-ups succeeded, and there are %d accounts", made, w.count())
	}
	if n := k.spent.Load(); n != 1 {
		t.Errorf("%d passwords were hashed", n)
	}
}

// Sign-ups are counted by client address, apart from sign-ins.
func TestSignUpHasItsOwnLimit(t *testing.T) {
	w, _ := newAccounts(t, func(c *Config) { c.Settings.Address = settings.Limit{Count: 3, Window: time.Minute} })
	w.user("bob")
	for i, want := range []int{201, 409, 201, 429} {
		name := []string{"a", "a", "b", "c"}[i]
		if p := w.browser().api("POST", aloneAPI+"signup", `{"email":"`+name+`@example.com","password":"correct horse"}`); p.StatusCode != want {
			t.Errorf("try %d: %d %s", i+1, p.StatusCode, p.body)
		} else if want == 429 && (p.Header.Get("Retry-After") == "" || p.code() != "too_many_attempts") {
			t.Errorf("429 with Retry-After %q: %s", p.Header.Get("Retry-After"), p.body)
		}
	}
	w.browser().enter("bob", "right")
	other := w.browser()
	other.addr = "203.0.113.9"
	other.api("POST", aloneAPI+"signup", `{"email":"c@example.com","password":"correct horse"}`).wants(t, 201, "")
	w.pass(time.Minute)
	w.browser().api("POST", aloneAPI+"signup", `{"email":"d@example.com","password":"correct horse"}`).wants(t, 201, "")
}

func TestDeletedUsernameIsNotReused(t *testing.T) {
	w, _ := newAccounts(t)
	u := w.user("ann")
	if err := w.users.DeleteUser(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	body := `{"email":"ann@example.com","password":"correct horse"}`
	// "ann" stays reserved; the address never was a username.
	w.browser().api("POST", aloneAPI+"signup", body).wants(t, 201, "")
	if err := w.users.DeleteUser(t.Context(), w.account("ann@example.com").ID); err != nil {
		t.Fatal(err)
	}
	w.browser().api("POST", aloneAPI+"signup", body).wants(t, 409, `"code":"user_exists"`)
}

func TestAFullHashingPoolIsBusy(t *testing.T) {
	w, k := newAccounts(t)
	k.err = method.ErrBusy
	p := w.browser().api("POST", aloneAPI+"signup", `{"email":"ann@example.com","password":"correct horse"}`)
	p.wants(t, 503, `"code":"busy"`)
	if p.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	w.browser().post(alone+"/signup", values("email", "ann@example.com", "password", "correct horse")).wants(t, 503, "problem_busy")
	if w.count() != 0 {
		t.Error("an account without a password was made")
	}
}

func TestNoPasswordIsLogged(t *testing.T) {
	w, _ := newAccounts(t)
	b := w.browser()
	b.api("POST", aloneAPI+"signup", `{"email":"ann@example.com","password":"canary-one-password"}`)
	b.api("POST", aloneAPI+"signup", `{"email":"canary-two-password","password":"x"}`)
	b.api("POST", aloneAPI+"password/change", `{"current":"canary-one-password","password":"canary-three-password"}`).wants(t, 200, "")
	b.api("POST", aloneAPI+"password/change", `{"current":"canary-four","password":"canary-five-password"}`).wants(t, 401, "")
	token := b.api("POST", aloneAPI+"tokens", `{"name":"ci"}`).json(t)["token"].(string)
	if logs := w.logs.String(); strings.Contains(logs, "canary") || strings.Contains(logs, token[4:]) {
		t.Error(logs)
	}
}
