package authportal

import (
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// due marks an account: its next sign-in must choose a new password.
func (w *world) due(u store.User) {
	w.t.Helper()
	if _, err := w.p.Accounts().Set(w.t.Context(), accounts.Actor{ID: "root"}, u.ID, accounts.UserChange{MustChangePassword: new(true)}); err != nil {
		w.t.Fatal(err)
	}
}

// asked signs in by password and returns the step that asks for a new one.
func (b *browser) asked(login, password string) string {
	b.w.t.Helper()
	p := b.api("POST", aloneAPI+"login", jsonOf(map[string]any{"login": login, "password": password}))
	p.wants(b.w.t, 200, `"status":"new_password"`)
	return p.step()
}

func (b *browser) choose(step, password string) page {
	b.w.t.Helper()
	return b.api("POST", aloneAPI+"login", jsonOf(map[string]any{"step": step, "password": password}))
}

func TestANewPasswordThatIsAskedForComesBeforeAnythingElse(t *testing.T) {
	w, box := mailWorld(t)
	b, ann := w.member("ann")
	token := b.token(`{"name":"x"}`)
	w.due(ann)
	if b.signedInAs() != "" {
		t.Error("the session goes on")
	}
	w.withToken(token, "GET", aloneAPI+"session", "").wants(t, 200, "ann")
	step := b.asked("ann", "right")
	if b.signedInAs() != "" {
		t.Fatal("signed in without a new password")
	}
	for password, reason := range map[string]string{"": "too_short", "short": "too_short", "right": "same"} {
		b.choose(step, password).wants(t, 422, `"reason":"`+reason+`"`)
	}
	w.browser().choose(step, "correct horse").wants(t, 400, "sign_in_expired")
	b.choose(step, "correct horse").wants(t, 200, `"status":"signed_in"`)
	if b.signedInAs() != "ann" {
		t.Error("not signed in")
	}
	box.one(w, "password_changed", ann.Email)
	if u := w.account("ann"); u.MustChangePassword {
		t.Error("it is still due")
	}
	b.choose(step, "another horse").wants(t, 400, "sign_in_expired")
	other := w.browser()
	other.api("POST", aloneAPI+"login", `{"login":"ann","password":"right"}`).wants(t, 401, "invalid_credentials")
	other.enter("ann", "correct horse")
	if e := w.eventsOf(audit.EventPasswordChange); len(e) != 4 || e[3].Result != audit.ResultOK || e[3].Reason != "was due" || e[3].UserID != ann.ID {
		t.Errorf("%+v", e)
	}
}

func TestTheFormAsksForANewPasswordAndLeadsOn(t *testing.T) {
	w, _ := newAccounts(t)
	ann := w.user("ann")
	w.due(ann)
	b := w.browser()
	at := b.get("https://alone.example.org/shop?x=1")
	p := b.signIn(at, "ann", "right")
	p.wants(t, 200, `"Reason":"new_password"`)
	step := p.step()
	f := values("step", step, "password", "short", "to", at.url.Query().Get("to"))
	p = b.post(alone+"/login", f)
	p.wants(t, 422, "problem_password_not_acceptable")
	if p.step() != step {
		t.Error("the form is gone after a typing error")
	}
	f.Set("password", "correct horse")
	b.post(alone+"/login", f).wants(t, 200, "hello ann at alone.example.org/shop?x=1")
}

func TestASecondFactorComesBeforeTheNewPassword(t *testing.T) {
	w, _ := newAccounts(t, withPin)
	ann := w.user("ann")
	w.due(ann)
	b := w.browser()
	first := b.api("POST", aloneAPI+"login", `{"login":"ann","password":"right"}`)
	first.wants(t, 200, "second_factor")
	b.choose(first.step(), "correct horse").wants(t, 401, "invalid_code")
	second := b.api("POST", aloneAPI+"login", jsonOf(map[string]any{"step": first.step(), "method": "pin", "code": "1234"}))
	second.wants(t, 200, "new_password")
	b.choose(second.step(), "correct horse").wants(t, 200, "signed_in")
	b.api("GET", aloneAPI+"session", "").wants(t, 200, `"methods":["password","pin"]`)
}

func TestWhatPutsAnEndToAPasswordThatIsDue(t *testing.T) {
	w, box := mailWorld(t)
	for name, end := range map[string]func(u store.User){
		"reset": func(u store.User) {
			w.browser().api("POST", aloneAPI+"password/forgot", jsonOf(map[string]string{"email": u.Email}))
			for _, l := range box.letters(w) {
				w.browser().api("POST", aloneAPI+"password/reset", resetWith(l.token(t), "correct horse")).wants(t, 200, "changed")
			}
		},
		"anadministrator": func(u store.User) {
			_, _ = w.p.Accounts().Set(t.Context(), accounts.Actor{}, u.ID, accounts.UserChange{Password: new("correct horse")})
		},
		"theirsecondthought": func(u store.User) {
			_, _ = w.p.Accounts().Set(t.Context(), accounts.Actor{}, u.ID, accounts.UserChange{MustChangePassword: new(false)})
			_, _ = w.p.Accounts().Set(t.Context(), accounts.Actor{}, u.ID, accounts.UserChange{Password: new("correct horse")})
		},
	} {
		u := w.user(name)
		w.due(u)
		end(u)
		if w.account(name).MustChangePassword {
			t.Errorf("%s: it is still due", name)
		}
		w.browser().enter(name, "correct horse")
		box.letters(w)
	}
}

func TestAnAdministratorSetsAPasswordThatIsGoodOnce(t *testing.T) {
	w, _ := newAccounts(t)
	admin, _ := w.administrator("root")
	ann := w.user("ann")
	admin.api("PATCH", adminAPI+"/"+ann.ID, `{"password":"from the desk","password_change_required":true}`).wants(t, 200, `"password_change_required":true`)
	b := w.browser()
	b.choose(b.asked("ann", "from the desk"), "correct horse").wants(t, 200, "signed_in")
	admin.api("POST", adminAPI, `{"email":"ben@example.com","password":"from the desk","password_change_required":true}`).wants(t, 201, `"state":"new_password"`)
	w.browser().asked("ben@example.com", "from the desk")
	bare := admin.api("POST", adminAPI, `{"email":"carl@example.com"}`).json(t)["id"].(string)
	admin.api("PATCH", adminAPI+"/"+bare, `{"password_change_required":true}`).wants(t, 409, "conflict")
	admin.api("POST", adminAPI, `{"email":"dora@example.com","password_change_required":true}`).wants(t, 409, "conflict")
}

func TestWhatChangesMeanwhileEndsTheStep(t *testing.T) {
	w, _ := newAccounts(t)
	ann := w.user("ann")
	for _, change := range []accounts.UserChange{{Enabled: new(false)}, {Enabled: new(true)}, {Password: new("from the desk"), MustChangePassword: new(true)}} {
		w.due(ann)
		b := w.browser()
		if !w.account("ann").Enabled {
			continue
		}
		step := b.asked("ann", "right")
		if _, err := w.p.Accounts().Set(t.Context(), accounts.Actor{}, ann.ID, change); err != nil {
			t.Fatal(err)
		}
		if change.Enabled != nil { // and back: a flow from before finishes no more
			if _, err := w.p.Accounts().Enable(t.Context(), accounts.Actor{}, ann.ID); err != nil {
				t.Fatal(err)
			}
			if *change.Enabled {
				continue
			}
		}
		b.choose(step, "correct horse").wants(t, 400, "sign_in_expired")
	}
}

func TestOfTwoWhoChooseAtOnceOneWins(t *testing.T) {
	w, _ := newAccounts(t)
	w.due(w.user("ann"))
	browsers, steps := []*browser{w.browser(), w.browser(), w.browser()}, make([]string, 3)
	for i, b := range browsers {
		steps[i] = b.asked("ann", "right")
	}
	var wg sync.WaitGroup
	for i, b := range browsers {
		wg.Go(func() { b.choose(steps[i], "password number "+string(rune('0'+i))) })
	}
	wg.Wait()
	in := 0
	for i, b := range browsers {
		if b.signedInAs() == "ann" {
			in++
			w.browser().enter("ann", "password number "+string(rune('0'+i)))
		}
	}
	if in != 1 {
		t.Errorf("%d are signed in", in)
	}
}

func TestASignInThatTheMarkOvertakesIsAskedToo(t *testing.T) {
	w, _ := newAccounts(t)
	ann := w.user("ann")
	w.shop.created = func() {
		w.shop.created = nil
		w.due(ann)
	}
	b := w.browser()
	b.asked("ann", "right")
	if list, _ := w.p.Accounts().Sessions(t.Context(), ann.ID); len(list) != 0 || b.signedInAs() != "" {
		t.Error("there is a session")
	}
}

// Whoever came by a ticket does not know the old password, and must not find it out here.
func TestGuessesAtTheOldPasswordAreCountedHereToo(t *testing.T) {
	w, _ := mailWorld(t)
	admin, _ := w.administrator("root")
	ann := w.user("ann")
	w.due(ann)
	admin.enter("root", "right")
	b := w.browser()
	p := b.api("POST", aloneAPI+"login/ticket", jsonOf(map[string]string{"token": tokenOf(t, admin.ticket(w.account("ann")))}))
	p.wants(t, 200, "new_password")
	step := p.step()
	for range 10 {
		b.choose(step, "short").wants(t, 422, "too_short")
	}
	b.choose(step, "right").wants(t, 429, "too_many_attempts")
	w.pass(web.FreshFor - 1)
	if strings.Contains(w.logs.String(), "correct horse") {
		t.Error("a password is in the log")
	}
}

func TestATicketAndANewPasswordLetInWhoLostTheirs(t *testing.T) {
	w, _ := mailWorld(t)
	admin, _ := w.administrator("root")
	ann := w.user("ann")
	w.due(ann)
	token := tokenOf(t, admin.ticket(w.account("ann")))
	b := w.browser()
	p := b.post(alone+"/ticket", values("token", token))
	p.wants(t, 200, `"Reason":"new_password"`)
	b.post(alone+"/login", values("step", p.step(), "password", "correct horse")).wants(t, 200, `"HasPassword":true`)
	b.api("GET", aloneAPI+"session", "").wants(t, 200, `"methods":["ticket"]`)
	w.browser().api("POST", aloneAPI+"login/ticket", jsonOf(map[string]string{"token": token})).wants(t, 400, "invalid_token")
	w.browser().enter("ann", "correct horse")
}

func TestWhoHasNoPasswordAnyMoreIsNotAskedForOne(t *testing.T) {
	w, box := mailWorld(t, withLetter)
	ann := w.user("ann")
	w.due(ann)
	box.letters(w)
	if err := w.users.DeleteCredential(t.Context(), store.KindPassword, ann.ID); err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	first := b.api("POST", aloneAPI+"login", `{"method":"letter"}`)
	second := b.api("POST", aloneAPI+"login", jsonOf(map[string]any{"step": first.step(), "email": ann.Email}))
	b.api("POST", aloneAPI+"login", jsonOf(map[string]any{"step": second.step(), "code": "5678"})).wants(t, 200, "signed_in")
	if w.account("ann").MustChangePassword {
		t.Error("it is still due")
	}
}
