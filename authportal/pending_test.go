package authportal

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// pin is a second factor for tests: the code is 1234.
type pin struct{ enrolled bool }

func (*pin) Kind() string { return "pin" }

func (m *pin) Enrolled(context.Context, *store.User) (bool, error) { return m.enrolled, nil }

func (*pin) Begin(context.Context, *method.Attempt) (method.Step, error) { return method.Show{}, nil }

func (*pin) Continue(_ context.Context, a *method.Attempt) (s method.Step, e error) {
	return askCode(a, "1234")
}

func askCode(a *method.Attempt, right string) (method.Step, error) {
	if a.User == nil || a.Field("code") != right {
		return method.Refused{Reason: "wrong code"}, nil
	}
	return method.Proven{User: *a.User}, nil
}

// letter is a method without a login name, in two steps: an address, then the code that was sent there.
type letter struct{ users store.UserStore }

func (*letter) Kind() string { return "letter" }

func (*letter) Begin(context.Context, *method.Attempt) (method.Step, error) {
	return method.Show{Fields: []method.Field{{Name: "email"}}, State: []byte("address")}, nil
}

func (m *letter) Continue(ctx context.Context, a *method.Attempt) (method.Step, error) {
	if string(a.State) == "address" {
		return method.Show{Fields: []method.Field{{Name: "code"}}, State: []byte("code " + a.Field("email"))}, nil
	}
	u, err := m.users.FindUser(ctx, strings.TrimPrefix(string(a.State), "code "))
	if err != nil {
		return method.Refused{Reason: "unknown account"}, nil
	}
	a.User = &u
	return askCode(a, "5678")
}

func withPin(c *Config) {
	c.Methods = append(c.Methods, method.Configured{Name: "pin", Method: &pin{enrolled: true}, Second: true})
}

func withLetter(c *Config) {
	c.Methods = append(c.Methods, method.Configured{Name: "letter", Method: &letter{c.Users}})
}

func (p page) step() string {
	if m := regexp.MustCompile(`"(?:[sS]tep|Token)":"([A-Za-z0-9_-]+)"`).FindStringSubmatch(p.body); m != nil {
		return m[1]
	}
	return ""
}

func TestPasswordAloneDoesNotPassTheSecondFactor(t *testing.T) {
	w := newWorld(t, withPin)
	w.user("ada")
	b := w.browser()
	p := b.tryLogin("ada", "right")
	p.wants(t, 200, `"status":"second_factor"`)
	if b.cookie(solo, "__Host-gatehouse") != "" {
		t.Fatal("signed in by one factor")
	}
	step := p.step()
	q := b.api("POST", loginCall, `{"method":"pin","step":"`+step+`","code":"0000"}`)
	if q.StatusCode != 401 || q.code() != "invalid_code" {
		t.Errorf("a wrong code: %d %s", q.StatusCode, q.body)
	}
	// The pending sign-in is useless in another browser.
	q = w.browser().api("POST", loginCall, `{"method":"pin","step":"`+step+`","code":"1234"}`)
	if q.StatusCode != 400 || q.code() != "sign_in_expired" {
		t.Errorf("in another browser: %d %s", q.StatusCode, q.body)
	}
	b.api("POST", loginCall, `{"method":"pin","step":"`+step+`","code":"1234"}`).wants(t, 200, "signed_in")
	b.api("GET", apiBase+"/session", "").wants(t, 200, `"methods":["password","pin"]`)
	b.get(solo+"/mfa").wants(t, 200, "hello ada")
}

func TestSecondFactorAloneDoesNotSignIn(t *testing.T) {
	w := newWorld(t, withPin)
	w.user("ada")
	p := w.browser().api("POST", loginCall, `{"method":"pin","login":"ada","code":"1234"}`)
	if p.StatusCode != 400 || p.code() != "malformed" {
		t.Errorf("got %d %s", p.StatusCode, p.body)
	}
	w.browser().api("GET", apiBase+"/login", "").
		wants(t, 200, `"methods":[{"name":"password","kind":"password","label":"password"}]`)
}

func TestGuessesAtASecondFactorAreCountedAcrossFlows(t *testing.T) {
	w := newWorld(t, withPin)
	w.user("ada")
	for i := range 11 {
		b := w.browser()
		p := b.tryLogin("ada", "right")
		if i == 10 {
			if p.StatusCode != 429 {
				t.Errorf("after ten wrong codes: %d %s", p.StatusCode, p.body)
			}
			break
		}
		q := b.api("POST", loginCall, `{"method":"pin","step":"`+p.step()+`","code":"0000"}`)
		if q.StatusCode != 401 {
			t.Fatalf("code %d: %d %s", i+1, q.StatusCode, q.body)
		}
	}
}

func TestPendingSignInEndsWithAChangeOrInTime(t *testing.T) {
	for name, change := range map[string]func(*world, store.User){
		"time": func(w *world, _ store.User) { w.pass(11 * time.Minute) },
		"disabled": func(w *world, u store.User) {
			u.Enabled = false
			if _, err := w.users.UpdateUser(w.t.Context(), u); err != nil {
				w.t.Error(err)
			}
		},
		"roles": func(w *world, u store.User) {
			u.Roles = []string{"member"}
			if _, err := w.users.UpdateUser(w.t.Context(), u); err != nil {
				w.t.Error(err)
			}
		},
		"password": func(w *world, u store.User) {
			c, err := w.users.Credential(w.t.Context(), store.KindPassword, u.ID)
			if err != nil {
				w.t.Error(err)
			}
			c.Data = []byte("another")
			if err := w.users.SwapCredential(w.t.Context(), c); err != nil {
				w.t.Error(err)
			}
		},
	} {
		w := newWorld(t, withPin)
		u := w.user("ada")
		b := w.browser()
		step := b.tryLogin("ada", "right").step()
		change(w, u)
		p := b.api("POST", loginCall, `{"method":"pin","step":"`+step+`","code":"1234"}`)
		if strings.Contains(p.body, "signed_in") || p.StatusCode < 400 || p.StatusCode >= 500 ||
			b.cookie(solo, "__Host-gatehouse") != "" {
			t.Errorf("%s: %d %s", name, p.StatusCode, p.body)
		}
	}
}

func TestMethodStateIsEncryptedInTheBrowser(t *testing.T) {
	w := newWorld(t, withLetter)
	w.user("ada")
	b := w.browser()
	p := b.api("POST", loginCall, `{"method":"letter"}`)
	p.wants(t, 200, `"status":"step"`)
	p = b.api("POST", loginCall, `{"step":"`+p.step()+`","email":"ada@example.com"}`)
	p.wants(t, 200, `"status":"step"`)
	if c := b.cookie(solo, "__Host-gatehouse-signin"); c == "" || strings.Contains(c, "ada") {
		t.Errorf("state cookie %q", c)
	}
	b.api("POST", loginCall, `{"step":"`+p.step()+`","code":"5678","to":"/x"}`).wants(t, 200, `"location":"/x"`)
	b.get(solo+"/").wants(t, 200, "hello ada")
	if c := b.cookie(solo, "__Host-gatehouse-signin"); c != "" {
		t.Error("the state outlived the sign-in")
	}
}

func TestPendingSignInsStayFewAndSmall(t *testing.T) {
	w := newWorld(t, withLetter)
	w.user("ada")
	b := w.browser()
	var steps []string
	for range 8 {
		p := b.api("POST", loginCall, `{"method":"letter","to":"/`+strings.Repeat("x", 900)+`"}`)
		p.wants(t, 200, "step")
		steps = append(steps, p.step())
		if n := len(b.cookie(solo, "__Host-gatehouse-signin")); n > 4000 {
			t.Fatalf("%d bytes", n)
		}
	}
	b.api("POST", loginCall, `{"step":"`+steps[7]+`","email":"ada@example.com"}`).wants(t, 200, "step")
	b.api("POST", loginCall, `{"step":"`+steps[6]+`","email":"ada@example.com"}`).wants(t, 200, "step")
	b.api("POST", loginCall, `{"step":"`+steps[0]+`","email":"ada@example.com"}`).wants(t, 400, "sign_in_expired")
}

func TestTheFormLeadsThroughASecondFactorToo(t *testing.T) {
	w := newWorld(t, withPin)
	w.user("ada")
	b := w.browser()
	at := b.get(app + "/deep?x=1")
	p := b.signIn(at, "ada", "right")
	step := p.step()
	if p.StatusCode != 200 || step == "" {
		t.Fatalf("got %d %s", p.StatusCode, p.body)
	}
	b.post(auth+"/login", url.Values{"step": {step}, "method": {"pin"}, "code": {"1234"},
		"flow": {at.url.Query().Get("flow")}}).
		wants(t, 200, "hello ada at app.example.com/deep?x=1")
}

func TestARuleThatWantsASecondFactorAsksForItAlone(t *testing.T) {
	factor := &pin{}
	w := newWorld(t, func(c *Config) {
		c.Methods = append(c.Methods, method.Configured{Name: "pin", Method: factor, Second: true})
	})
	w.user("ada")
	b := w.browser()
	b.signIn(b.get(app+"/"), "ada", "right").wants(t, 200, "hello ada")
	b.get(app+"/mfa").wants(t, 403, "second_factor_required")
	factor.enrolled = true
	before := b.cookie(app, "__Host-gatehouse")
	at := b.get(app + "/mfa?x=1")
	at.wants(t, 200, `"Reason":"mfa"`)
	answer := url.Values{"step": {at.step()}, "method": {"pin"}, "code": {"1234"}, "flow": {at.url.Query().Get("flow")}}
	b.post(auth+"/login", answer).wants(t, 200, "hello ada at app.example.com/mfa?x=1")
	b.api("GET", app+"/.gatehouse/api/v1/session", "").wants(t, 200, `"methods":["password","pin"]`)
	if b.cookie(app, "__Host-gatehouse") == before {
		t.Error("the proof gave no new secret")
	}
}

func TestStepUpIsVoidAfterItsSessionEnded(t *testing.T) {
	factor := &pin{}
	w := newWorld(t, func(c *Config) {
		c.Methods = append(c.Methods, method.Configured{Name: "pin", Method: factor, Second: true})
	})
	w.user("ada")
	b := w.browser()
	b.signIn(b.get(solo+"/"), "ada", "right").wants(t, 200, "hello ada")
	factor.enrolled = true
	step := b.get(solo + "/mfa").step()
	b.post(solo+"/.gatehouse/logout", url.Values{})
	p := b.api("POST", loginCall, `{"step":"`+step+`","method":"pin","code":"1234"}`)
	if step == "" || p.StatusCode != 400 || p.code() != "sign_in_expired" || b.cookie(solo, "__Host-gatehouse") != "" {
		t.Errorf("got %d %s", p.StatusCode, p.body)
	}
}
