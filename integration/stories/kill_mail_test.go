package stories

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
)

// inHand is how many letters a gateway has on their way at once. Only those can come twice: the kill came after the mail
// server had taken them, and before that could be noted.
const inHand = 4

// A power cut in the middle of sign-ups, forgotten passwords, and people who follow the links of their letters. Whoever was
// told that a letter comes gets one. Whatever was answered stands, and what was not is whole or not there at all.
func TestAKillAmongSignUpsAndResetsLosesNoLetterAndLeavesNothingHalfDone(t *testing.T) {
	t.Parallel()
	for name, stores := range mailStores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			global, users := stores(t)
			mail, word := startPostbox(t)
			site := newSite(t)
			g := gateway.Start(t, plain(global+word, site, "allow user", gateway.StartUpstream(t)))
			d := &disaster{t: t, api: site + "/.gatehouse/api/v1/", mail: mail, enough: max(16, servers.Scale(t, 200))}
			importPeople(t, g, 2*d.enough)

			d.rush(g.Kill)
			outbox{users.(store.Outbox)}.afterClaims(t)
			g.Run()
			outbox{users.(store.Outbox)}.empties(t)

			twice := 0
			for _, a := range d.asked {
				letters := mail.to(a.email)
				links := 0
				for _, l := range letters {
					if _, is := tokenOf(l, a.page); is {
						links++
					}
				}
				if a.acknowledged && links == 0 || links > 2 {
					t.Errorf("%s, acknowledged: %v, has %d letters to %s", a.email, a.acknowledged, links, a.page)
				}
				twice += max(0, links-1)
				a.settle(d)
			}
			if twice > inHand {
				t.Errorf("%d letters came twice, more than one gateway has in hand", twice)
			}
			d.report(twice)
		})
	}
}

// disaster is what happened up to a kill, as the people know it.
type disaster struct {
	t      *testing.T
	api    string
	mail   *postbox
	enough int // that many are asked for before the kill

	mu    sync.Mutex
	asked []*asked
	tries int
}

// asked is one who asked for a letter.
type asked struct {
	email        string
	page         string // "confirm" or "reset": where the letter leads
	acknowledged bool   // a letter was promised
	followed     string // token of the link that was followed before the kill
	done         bool   // and that was answered
}

const newPassword = "another horse battery staple"

// importPeople makes the accounts known-0@example.com and so on.
func importPeople(t *testing.T, g *gateway.Gateway, n int) {
	t.Helper()
	var list []map[string]any
	for i := range n {
		list = append(list, map[string]any{"email": knownPerson(i), "password": gateway.Password})
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "people.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	g.MustCommand("", "users", "import", file)
}

// post sends a request; ok is false where the gateway is gone.
func (d *disaster) post(call string, body map[string]any) (got gateway.Answer, ok bool) {
	got, err := gateway.NewPerson(d.t).Try(context.WithoutCancel(d.t.Context()), http.MethodPost, d.api+call, body)
	return got, err == nil
}

// must is post to a gateway that is there.
func (d *disaster) must(call string, body map[string]any, status int) gateway.Answer {
	d.t.Helper()
	got, ok := d.post(call, body)
	if !ok || got.Status != status {
		d.t.Errorf("%s of %v: %d %s, want %d", call, body, got.Status, got.Body, status)
	}
	return got
}

// rush lets six people at a time ask for letters and follow their links, and kills the gateway among them.
func (d *disaster) rush(kill func()) {
	half := make(chan struct{})
	var people sync.WaitGroup
	for range 6 {
		people.Go(func() {
			for d.ask(half) && d.follow() {
			}
		})
	}
	<-half
	kill()
	people.Wait()
}

// ask signs somebody up, or asks for somebody's new password, and reports whether the gateway is still there.
func (d *disaster) ask(half chan struct{}) bool {
	d.mu.Lock()
	n := d.tries
	d.tries++
	d.mu.Unlock()
	a, call := &asked{email: fmt.Sprintf("new-%d@example.com", n), page: "confirm"}, "signup"
	body := map[string]any{"email": a.email, "password": gateway.Password}
	status := http.StatusCreated
	if n%2 == 1 {
		a.email, a.page, call, status = knownPerson(n), "reset", "password/forgot", http.StatusAccepted
		body = map[string]any{"email": a.email}
	}
	got, ok := d.post(call, body)
	if ok && got.Status != status {
		d.t.Errorf("%s of %s: %d %s", call, a.email, got.Status, got.Body)
	}
	a.acknowledged = ok
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.asked = append(d.asked, a); len(d.asked) == d.enough {
		close(half)
	}
	return ok
}

// follow uses the link of one letter that has come and that nobody has followed, and reports whether the gateway is still
// there.
func (d *disaster) follow() bool {
	a := d.unread()
	if a == nil {
		return true
	}
	got, ok := d.post(a.use(a.followed))
	if ok && got.Status != http.StatusOK {
		d.t.Errorf("the link of %s: %d %s", a.email, got.Status, got.Body)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	a.done = ok
	return ok
}

func (d *disaster) unread() *asked {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, a := range d.asked {
		if i%3 == 2 || a.followed != "" {
			continue // every third is left for later
		}
		for _, l := range d.mail.to(a.email) {
			if token, is := tokenOf(l, a.page); is {
				a.followed = token
				return a
			}
		}
	}
	return nil
}

// use is the call that a link leads to.
func (a *asked) use(token string) (string, map[string]any) {
	if a.page == "confirm" {
		return "email/confirm", map[string]any{"token": token}
	}
	return "password/reset", map[string]any{"token": token, "password": newPassword}
}

// password is that of the account once its link was used.
func (a *asked) password() string {
	if a.page == "confirm" {
		return gateway.Password
	}
	return newPassword
}

// settle finds out what became of somebody, and fails the test where that is anything but all or nothing.
func (a *asked) settle(d *disaster) {
	switch {
	case a.done:
		call, body := a.use(a.followed)
		d.must(call, body, http.StatusBadRequest) // once means once, kill or no kill
	case a.followed != "": // nobody was told what became of it
		call, body := a.use(a.followed)
		got, ok := d.post(call, body)
		if !ok || got.Status != http.StatusOK && got.Code() != "invalid_token" {
			d.t.Errorf("the link of %s, once more: %d %s", a.email, got.Status, got.Body)
		}
		if got.Status != http.StatusOK && !d.opens(a, a.password()) { // used up, but without effect: it is asked for anew
			a.anew(d)
		}
	default:
		a.anew(d)
	}
	if a.page == "reset" && d.opens(a, gateway.Password) {
		d.t.Errorf("%s: the old password opens the account", a.email)
	}
	if !d.opens(a, a.password()) {
		d.t.Errorf("%s cannot sign in", a.email)
	}
}

// anew follows the letter that came, or asks for it once more where none did.
func (a *asked) anew(d *disaster) {
	links := func() (call string, body map[string]any, is bool) {
		for _, l := range d.mail.to(a.email) {
			for _, page := range []string{"confirm", "reset"} {
				token, is := tokenOf(l, page)
				if is && token != a.followed {
					call, body = (&asked{page: page}).use(token)
					return call, body, true
				}
			}
		}
		return "", nil, false
	}
	call, body, is := links()
	if !is {
		again, fields, status := "password/forgot", map[string]any{"email": a.email}, http.StatusAccepted
		if a.page == "confirm" {
			again, fields["password"], status = "signup", gateway.Password, http.StatusCreated
		}
		d.must(again, fields, status)
		gateway.Eventually(d.t, "a letter to "+a.email+", who asks once more", func() bool {
			call, body, is = links()
			return is
		})
	}
	d.must(call, body, http.StatusOK)
	if call == "password/reset" {
		a.page = "reset" // whoever signs up with an address that nobody has confirmed sets a new password by the letter
	}
}

// opens reports whether a password signs in.
func (d *disaster) opens(a *asked, password string) bool {
	d.t.Helper()
	got, ok := d.post("login", map[string]any{"login": a.email, "password": password})
	if !ok || got.Status != http.StatusOK && got.Status != http.StatusUnauthorized && got.Code() != "email_not_confirmed" {
		d.t.Errorf("signing in as %s: %d %s", a.email, got.Status, got.Body)
	}
	return got.Status == http.StatusOK
}

func (d *disaster) report(twice int) {
	var acknowledged, followed, done int
	for _, a := range d.asked {
		if a.acknowledged {
			acknowledged++
		}
		if a.followed != "" {
			followed++
		}
		if a.done {
			done++
		}
	}
	d.t.Logf("%d asked, %d were acknowledged; %d links were followed, %d of them answered; %d letters came twice", len(d.asked), acknowledged, followed, done, twice)
}
