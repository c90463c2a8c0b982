package stories

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

// reader is somebody at a browser who reads one language.
type reader struct {
	*gateway.Window
	t         *testing.T
	chromium  *gateway.Chromium
	scripts   bool
	language  string
	sentences map[string]any
	site      string
	mail      *postbox
}

// readers runs a story in two languages, one with scripts and the other without; at full load each with both.
func readers(t *testing.T, site string, mail *postbox, story func(t *testing.T, r *reader)) {
	chromium := gateway.SharedChromium(t)
	for _, language := range []string{"en", "de"} {
		for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
			if scripts != (language == "en") && !servers.Long(t) {
				continue
			}
			t.Run(language+" "+name, func(t *testing.T) {
				r := &reader{t: t, chromium: chromium, scripts: scripts, language: language, sentences: catalogue(t, language), site: site, mail: mail}
				story(t, r.another())
			})
		}
	}
}

func catalogue(t *testing.T, language string) (sentences map[string]any) {
	t.Helper()
	raw, err := os.ReadFile("../../authportal/pages/locales/" + language + ".json")
	if err == nil {
		err = json.Unmarshal(raw, &sentences)
	}
	if err != nil {
		t.Fatal(err)
	}
	return sentences
}

// another is the same person at another browser.
func (r *reader) another() *reader {
	other := *r
	other.Window = r.chromium.Window(r.t, r.scripts).Speaks(r.language)
	return &other
}

// says returns a sentence of the catalogue, up to the first thing that is filled in.
func (r *reader) says(id string) string {
	r.t.Helper()
	text, is := r.sentences[id].(string)
	if !is {
		r.t.Fatalf("no sentence %s in %s", id, r.language)
	}
	text, _, _ = strings.Cut(text, "{{")
	return strings.TrimSpace(text)
}

// sees fails the test unless the page says all of these sentences.
func (r *reader) sees(ids ...string) *reader {
	r.t.Helper()
	for _, id := range ids {
		r.Reads(r.says(id))
	}
	return r
}

// submits fills in a form and sends it; css and value take turns.
func (r *reader) submits(pairs ...string) *reader {
	r.t.Helper()
	r.Fill(pairs...)
	r.Press(`main form[method=post] button[type=submit]`)
	return r
}

// gets waits for a letter in the reader's language and returns where its button leads.
func (r *reader) gets(email, kind string) string {
	r.t.Helper()
	return linkInLetter.FindString(r.reads(email, kind))
}

// reads waits for a letter in the reader's language and returns its text.
func (r *reader) reads(email, kind string) string {
	r.t.Helper()
	l := r.mail.next(r.t, email)
	subject, err := new(mime.WordDecoder).DecodeHeader(l.Header.Get("Subject"))
	if err != nil || !strings.Contains(subject, r.says("mail_"+kind+"_subject")) {
		r.t.Fatalf("a letter %q (%v), want %q", subject, err, r.says("mail_"+kind+"_subject"))
	}
	return l.Text
}

// signsIn opens an address of the site that asks for it.
func (r *reader) signsIn(email, password string) *reader {
	r.t.Helper()
	r.Open(r.site + "/page")
	return r.submits(`[name=login]`, email, `[name=password]`, password)
}

// isIn fails the test unless the app is shown, to that person.
func (r *reader) isIn(email string) *reader {
	r.t.Helper()
	r.Reads(`"Remote-User":["` + email + `"]`)
	return r
}

// isOut fails the test unless the browser has no session.
func (r *reader) isOut() *reader {
	r.t.Helper()
	if r.Open(r.site+"/page").Cookie("gatehouse") != nil {
		r.t.Fatalf("a browser that should be signed out has a session:\n%s", r.Text())
	}
	return r.sees("login_title")
}

func (r *reader) address(name string) string {
	return fmt.Sprintf("%s-%d@example.com", name, servers.FreePort(r.t))
}

// mailedSite is a site that sends mail; more are further words of the global block.
func mailedSite(t *testing.T, more string) (g *gateway.Gateway, site string, mail *postbox) {
	t.Helper()
	mail, word := startPostbox(t)
	site = newSite(t)
	global := strings.Replace(shared("sqlite DIR/users.db", "embedded"), "signup open", "", 1)
	g = gateway.Start(t, plain(global+word+"\n\t\t"+more, site, publicAndEdit, gateway.StartUpstream(t)))
	return g, site, mail
}

func TestTheLinkOfASignUpSignsInTheBrowserThatSignedUpAndNoOther(t *testing.T) {
	t.Parallel()
	_, site, mail := mailedSite(t, "signup open")
	readers(t, site, mail, func(t *testing.T, r *reader) {
		ann, elsewhere := r.address("ann"), r.another()
		r.Open(site + "/page?q=1").Press(`a[href*="signup"]`)
		r.submits(`[name=email]`, ann, `[name=name]`, "Ann", `[name=password]`, gateway.Password).sees("signup_done_title", "signup_done_confirm_email")
		picture(t, r.Window, "signup-done-"+r.language)
		link := r.gets(ann, "confirm")
		elsewhere.Open(link) // looks, and takes nothing
		elsewhere.sees("confirm_title", "confirm_lead")
		r.Open(link)
		picture(t, r.Window, "confirm-"+r.language)
		r.submits().At(site + "/page?q=1")
		r.isIn(ann)
		elsewhere.submits().sees("link_expired_title", "confirm_expired").isOut()

		bob, far := r.address("bob"), r.another()
		elsewhere.Open(site + "/.gatehouse/signup")
		elsewhere.submits(`[name=email]`, bob, `[name=password]`, gateway.Password)
		far.Open(r.gets(bob, "confirm"))
		far.submits().sees("confirm_done_title", "confirm_done").isOut()
		elsewhere.isOut().signsIn(bob, gateway.Password).isIn(bob)
	})
}

func TestAForgottenPasswordIsReplacedByMailAndEndsEveryOtherSession(t *testing.T) {
	t.Parallel()
	g, site, mail := mailedSite(t, "signup open")
	readers(t, site, mail, func(t *testing.T, r *reader) {
		ann, old := r.address("ann"), r.another()
		g.MustCommand(gateway.Password+"\n", "users", "add", ann, "--password-stdin")
		old.signsIn(ann, gateway.Password).isIn(ann)
		r.Open(site + "/page?q=1").Press(`a[href*="forgot"]`)
		r.sees("forgot_title").submits(`[name=email]`, ann).sees("forgot_done_title", "forgot_done")
		link := r.gets(ann, "reset")
		r.Open(link)
		picture(t, r.Window, "reset-"+r.language)
		r.sees("reset_title").submits(`[name=password]`, newPassword).sees("reset_done_title", "reset_done")
		r.gets(ann, "password_changed")
		old.Reload()
		old.sees("login_title")
		r.isOut().signsIn(ann, gateway.Password).sees("problem_invalid_credentials")
		r.signsIn(ann, newPassword).isIn(ann)
		r.Open(link)
		if r.submits(`[name=password]`, gateway.Password).sees("link_expired_title", "reset_expired"); r.Status != http.StatusBadRequest {
			t.Errorf("the link again: %d", r.Status)
		}
	})
}

func TestAnInvitationMakesAnAccountWhereNobodyCanSignUp(t *testing.T) {
	t.Parallel()
	g, site, mail := mailedSite(t, "signup invite")
	readers(t, site, mail, func(t *testing.T, r *reader) {
		ann, late := r.address("ann"), r.another()
		r.Open(site + "/.gatehouse/signup").Reads(r.says("signup_closed_title"))
		g.MustCommand("", "users", "add", ann)
		g.MustCommand("", "users", "invite", ann)
		l := mail.next(t, ann)
		link := linkInLetter.FindString(l.Text)
		r.Open(link)
		picture(t, r.Window, "invited-"+r.language)
		r.submits(`[name=name]`, "Ann", `[name=password]`, gateway.Password)
		r.Open(site + "/page")
		r.isIn(ann)
		late.Open(link)
		if late.Status == http.StatusOK {
			late.submits(`[name=password]`, newPassword)
		}
		late.sees("link_expired_title", "signup_invite_expired").isOut().signsIn(ann, gateway.Password).isIn(ann)
	})
}

func TestAnAccountWaitsForApprovalAndItsOwnerIsToldOfTheDecision(t *testing.T) {
	t.Parallel()
	g, site, mail := mailedSite(t, "signup approval")
	g.MustCommand(gateway.Password+"\n", "users", "add", "root@example.com", "--role", "admin", "--password-stdin")
	readers(t, site, mail, func(t *testing.T, r *reader) {
		root := r.another()
		root.signsIn("root@example.com", gateway.Password)
		for decision, kind := range map[string]string{"approve": "approved", "decline": "declined"} {
			ann, newcomer := r.address(decision), r.another()
			newcomer.Open(site + "/.gatehouse/signup")
			newcomer.submits(`[name=email]`, ann, `[name=password]`, gateway.Password)
			newcomer.Open(r.gets(ann, "confirm"))
			newcomer.submits().sees("confirm_done_approval_pending").isOut()
			newcomer.submits(`[name=login]`, ann, `[name=password]`, gateway.Password).sees("problem_approval_pending")
			picture(t, newcomer.Window, "waits-"+r.language)
			gateway.Eventually(t, "administrators are told of "+ann, func() bool {
				l, is := mail.unopened("root@example.com")
				return is && strings.Contains(l.Text, ann)
			})
			if decision == "approve" {
				root.Open(site + "/.gatehouse/admin/users?query=" + ann).Press(`a[href*="/admin/users/"]`)
				root.Press(`form:has([name=do][value=approve]) button[type=submit]`)
			} else {
				g.MustCommand("", "users", "decline", ann)
			}
			told := *r // nothing is kept of the language in which somebody signed up
			told.language, told.sentences = "en", catalogue(t, "en")
			told.gets(ann, kind)
			newcomer.signsIn(ann, gateway.Password)
			if kind == "approved" {
				newcomer.isIn(ann)
			} else {
				newcomer.sees("problem_invalid_credentials")
			}
		}
	})
}

// TestARememberedBrowserIsStillSignedInAfterItWasClosedAndTheServerRestarted shows the difference that the box makes.
func TestARememberedBrowserIsStillSignedInAfterItWasClosedAndTheServerRestarted(t *testing.T) {
	t.Parallel()
	g, site, _ := mailedSite(t, "signup open")
	g.MustCommand(gateway.Password+"\n", "users", "add", "ann@example.com", "--password-stdin")
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			chromium := gateway.StartChromium(t)
			for _, remember := range []bool{false, true} { // in this order, or the profile would know the person already
				if !remember && !scripts && !servers.Long(t) {
					continue // without the box scripts make no difference
				}
				w := chromium.Own(t, scripts)
				w.Open(site+"/page").Fill(`[name=login]`, "ann@example.com", `[name=password]`, gateway.Password)
				if remember {
					w.Click(`[name=remember]`)
				}
				w.Press(`main button[type=submit]`).Reads(`"Remote-User"`)
				g.Stop()
				chromium.Restart()
				g.Run()
				w = chromium.Own(t, scripts).Open(site + "/page")
				if in := strings.Contains(w.Text(), `"Remote-User"`); in != remember {
					t.Errorf("remembered: %v; signed in after the restart: %v", remember, in)
				}
			}
		})
	}
}

func TestPeopleTakeTheirDataWithThemAndLeave(t *testing.T) {
	t.Parallel()
	g, site, mail := mailedSite(t, "signup open")
	readers(t, site, mail, func(t *testing.T, r *reader) {
		ann := r.address("ann")
		g.MustCommand(gateway.Password+"\n", "users", "add", ann, "--name", "Ann Lee", "--password-stdin")
		r.signsIn(ann, gateway.Password).isIn(ann).Open(site + "/.gatehouse/account")
		r.sees("account_profile", "account_sessions", "account_data")
		export := r.Ask(`fetch(document.querySelector('a[href*="account/export"]').href).then(a => a.text())`)
		if !strings.Contains(export, ann) || !strings.Contains(export, "Ann Lee") || strings.Contains(export, "$argon2id$") {
			t.Errorf("the export: %s", export)
		}
		r.Click(`details:has(form[action$="/account/delete"]) summary`).Click(`form[action$="/account/delete"] [name=sure]`)
		r.Press(`form[action$="/account/delete"] button[type=submit]`)
		r.isOut().signsIn(ann, gateway.Password).sees("problem_invalid_credentials")
		if n := usersNamed(t, g, ann); n != 0 {
			t.Errorf("%d accounts are left", n)
		}
	})
}
