package authportal

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// ticket creates a sign-in ticket through the API and returns its link.
func (b *browser) ticket(u store.User) string {
	b.w.t.Helper()
	p := b.api("POST", adminAPI+"/"+u.ID+"/ticket", "")
	p.wants(b.w.t, 201, `"expires":`)
	link, _ := p.json(b.w.t)["url"].(string)
	return link
}

func tokenOf(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil || !strings.HasPrefix(link, alone+"/ticket?") {
		t.Fatalf("the link is %q", link)
	}
	return u.Query().Get("token")
}

func TestATicketSignsInOnceByOneClick(t *testing.T) {
	w, box := mailWorld(t)
	admin, root := w.administrator("root")
	ann := w.user("ann")
	link := admin.ticket(ann)
	if l := box.one(w, "ticket", ann.Email); l.Link != "" {
		t.Errorf("the message contains %q", l.Link)
	}
	b := w.browser()
	for range 3 { // scanners and previews
		b.get(link).wants(t, 200, `"Username":"ann"`)
	}
	if b.signedInAs() != "" {
		t.Fatal("a GET signed in")
	}
	token := tokenOf(t, link)
	if p := b.post(alone+"/ticket", values("token", token)); p.url.Path != "/.gatehouse/account" {
		t.Fatalf("%s %s", p.url, p.body)
	}
	b.api("GET", aloneAPI+"session", "").wants(t, 200, `"methods":["ticket"]`)
	other := w.browser()
	other.post(alone+"/ticket", values("token", token)).wants(t, 400, `"Expired":true`)
	other.api("POST", aloneAPI+"login/ticket", jsonOf(map[string]string{"token": token})).wants(t, 400, "invalid_token")
	other.get(link).wants(t, 400, `"Expired":true`)
	if other.signedInAs() != "" {
		t.Error("a used ticket signed in")
	}
	made, used := w.eventsOf(audit.EventTicketCreate), w.eventsOf(audit.EventTicketUse)
	if len(made) != 1 || made[0].Actor != root.ID || made[0].UserID != ann.ID || made[0].Result != audit.ResultOK {
		t.Errorf("made: %+v", made)
	}
	if len(used) != 3 || used[0].Actor != root.ID || used[0].UserID != ann.ID || used[0].Result != audit.ResultOK ||
		used[1].Result != audit.ResultRefused {
		t.Errorf("used: %+v", used)
	}
	if strings.Contains(w.logs.String(), token[:20]) {
		t.Error("the ticket is in the log")
	}
}

func TestOfManyClicksOnOneTicketOneSignsIn(t *testing.T) {
	w, _ := mailWorld(t)
	admin, _ := w.administrator("root")
	ann := w.user("ann")
	body := jsonOf(map[string]string{"token": tokenOf(t, admin.ticket(ann))})
	var wg sync.WaitGroup
	browsers := make([]*browser, 8)
	for i := range browsers {
		browsers[i] = w.browser()
		wg.Go(func() { browsers[i].api("POST", aloneAPI+"login/ticket", body) })
	}
	wg.Wait()
	in := 0
	for _, b := range browsers {
		if b.signedInAs() == "ann" {
			in++
		}
	}
	list, err := w.p.Accounts().Sessions(t.Context(), ann.ID)
	if in != 1 || err != nil || len(list) != 1 {
		t.Errorf("%d browsers are signed in, %d sessions, %v", in, len(list), err)
	}
}

func TestWhatEndsATicket(t *testing.T) {
	w, _ := mailWorld(t)
	admin, _ := w.administrator("root")
	a := w.p.Accounts()
	endings := map[string]func(u store.User){
		"time":    func(store.User) { w.pass(signin.TicketLife) },
		"another": func(u store.User) { admin.enter("root", "right"); admin.ticket(u) },
		"disabled": func(u store.User) {
			_, _ = a.Disable(t.Context(), accounts.Actor{}, u.ID)
			_, _ = a.Enable(t.Context(), accounts.Actor{}, u.ID)
		},
		"deleted": func(u store.User) { _ = a.Delete(t.Context(), accounts.Actor{}, u.ID) },
		"password": func(u store.User) {
			_, _ = a.Set(t.Context(), accounts.Actor{}, u.ID, accounts.UserChange{Password: new("another one")})
		},
		"new password": func(u store.User) {
			_, _ = a.Set(t.Context(), accounts.Actor{}, u.ID, accounts.UserChange{MustChangePassword: new(true)})
		},
		"roles": func(u store.User) {
			_, _ = a.Set(t.Context(), accounts.Actor{}, u.ID, accounts.UserChange{AddRoles: []string{"admin"}})
		},
		"sessions": func(u store.User) { _, _ = a.RevokeSessions(t.Context(), accounts.Actor{}, u.ID) },
		"factors":  func(u store.User) { _ = a.ClearFactors(t.Context(), accounts.Actor{}, u.ID) },
	}
	for name, end := range endings {
		u := w.user("u" + strings.ReplaceAll(name, " ", ""))
		admin.enter("root", "right")
		link := admin.ticket(u)
		b := w.browser()
		b.get(link).wants(t, 200, `"Username":"u`)
		end(u)
		b.api("POST", aloneAPI+"login/ticket", jsonOf(map[string]string{"token": tokenOf(t, link)})).
			wants(t, 400, "invalid_token")
		if b.signedInAs() != "" {
			t.Errorf("%s: the ticket still signs in", name)
		}
	}
}

func TestTicketRevokedDuringItsUseIsRefused(t *testing.T) {
	w, _ := mailWorld(t)
	admin, _ := w.administrator("root")
	ann := w.user("ann")
	body := jsonOf(map[string]string{"token": tokenOf(t, admin.ticket(ann))})
	w.shop.created = func() {
		w.shop.created = nil
		if _, err := w.p.Accounts().RevokeSessions(t.Context(), accounts.Actor{}, ann.ID); err != nil {
			t.Error(err)
		}
	}
	b := w.browser()
	b.api("POST", aloneAPI+"login/ticket", body).wants(t, 400, "invalid_token")
	if list, _ := w.p.Accounts().Sessions(t.Context(), ann.ID); len(list) != 0 || b.signedInAs() != "" {
		t.Error("a session was created")
	}
}

func TestTicketStillNeedsTheSecondFactor(t *testing.T) {
	factor := &pin{}
	w, _ := mailWorld(t, func(c *Config) {
		c.Methods = append(c.Methods, method.Configured{Name: "pin", Method: factor, Second: true})
	})
	admin, _ := w.administrator("root")
	ann := w.user("ann")
	b := w.browser()
	token := tokenOf(t, admin.ticket(ann))
	factor.enrolled = true
	p := b.api("POST", aloneAPI+"login/ticket", jsonOf(map[string]string{"token": token}))
	p.wants(t, 200, `"status":"second_factor"`)
	step, _ := p.json(t)["step"].(string)
	if b.signedInAs() != "" {
		t.Fatal("signed in without the factor")
	}
	b.api("POST", aloneAPI+"login", jsonOf(map[string]string{"step": step, "method": "pin", "code": "0000"})).
		wants(t, 401, "invalid_code")
	b.api("POST", aloneAPI+"login", jsonOf(map[string]string{"step": step, "method": "pin", "code": "1234"})).
		wants(t, 200, "signed_in")
	b.api("GET", aloneAPI+"session", "").wants(t, 200, `"methods":["ticket","pin"]`)
	w.browser().api("POST", aloneAPI+"login/ticket", jsonOf(map[string]string{"token": token})).
		wants(t, 400, "invalid_token")
}

func TestTicketCannotExceedItsMakersRights(t *testing.T) {
	w, _ := mailWorld(t)
	admin, root := w.administrator("root")
	ann := w.user("ann")
	token := admin.token(`{"name":"x"}`)
	w.withToken(token, "POST", adminAPI+"/"+ann.ID+"/ticket", "").wants(t, 201, "/ticket?token=")
	w.withToken(token, "POST", adminAPI+"/"+root.ID+"/ticket", "").wants(t, 403, "forbidden")
	link := w.withToken(token, "POST", adminAPI+"/"+ann.ID+"/ticket", "").json(t)["url"].(string)
	w.withToken(token, "PATCH", adminAPI+"/"+ann.ID, `{"roles":["admin"]}`).wants(t, 200, "admin")
	w.browser().api("POST", aloneAPI+"login/ticket", jsonOf(map[string]string{"token": tokenOf(t, link)})).
		wants(t, 400, "invalid_token")
	admin.api("POST", adminAPI+"/"+root.ID+"/ticket", "").wants(t, 201, "url")
	w.pass(web.FreshFor)
	admin.api("POST", adminAPI+"/"+ann.ID+"/ticket", "").wants(t, 403, "fresh_login_required")
	if _, err := w.p.Accounts().Disable(t.Context(), accounts.Actor{}, ann.ID); err != nil {
		t.Fatal(err)
	}
	admin.enter("root", "right")
	admin.api("POST", adminAPI+"/"+ann.ID+"/ticket", "").wants(t, 409, "conflict")
}

func TestATicketIsMadeOnThePageAndShownOnce(t *testing.T) {
	w, _ := mailWorld(t)
	admin, _ := w.administrator("root")
	ann := w.user("ann")
	at := alone + "/admin/users/" + ann.ID
	admin.post(at+"/act", values("do", "ticket")).wants(t, 200, `"Ticket":"`+alone+"/ticket?token=")
	admin.get(at).wants(t, 200, `"Ticket":""`)
	if link := admin.ticket(ann); !strings.Contains(admin.get(link).body, `"SignedIn":"root"`) {
		t.Error("the page does not name the signed-in user")
	}
}

func TestOnlyATokenOfATicketIsOne(t *testing.T) {
	w, box := mailWorld(t)
	admin, _ := w.administrator("root")
	ann := w.user("ann")
	good := tokenOf(t, admin.ticket(ann))
	box.letters(w)
	secret, label, _ := strings.Cut(good, ".")
	w.browser().api("POST", aloneAPI+"password/forgot", `{"email":"ann@example.com"}`)
	reset := box.one(w, "reset", ann.Email).token(t)
	for _, bad := range []string{"", "x", secret, "." + label, secret + ".", secret + "." + label + "x", reset,
		strings.Repeat("a", 5000)} {
		w.browser().api("POST", aloneAPI+"login/ticket", jsonOf(map[string]string{"token": bad})).
			wants(t, 400, "invalid_token")
	}
	w.browser().api("POST", aloneAPI+"password/reset",
		jsonOf(map[string]string{"token": good, "password": "a new password"})).wants(t, 400, "invalid_token")
	list, err := w.users.CredentialsOf(t.Context(), ann.ID, store.KindSignInTicket)
	if err != nil || len(list) != 1 || list[0].Expires.Sub(w.clock()) > 10*time.Minute ||
		slices.Contains([]string{secret, good}, list[0].ID) {
		t.Errorf("%+v, %v", list, err)
	}
}
