package stories

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
)

var codeInLetter = regexp.MustCompile(`(?m)^\d{6}$`)

func TestPeopleSignInByTheLinkOrTheCodeOfALetterInTheBrowserThatAsked(t *testing.T) {
	t.Parallel()
	g, site, mail := mailedSite(t, "login password\n\t\tlogin email_link")
	readers(t, site, mail, func(t *testing.T, r *reader) {
		ann, elsewhere := r.address("ann"), r.another()
		g.MustCommand(gateway.Password+"\n", "users", "add", ann, "--password-stdin")

		r.Open(site + "/page?q=1").Press(`a[href*="/link"]`)
		r.sees("link_title").submits(`[name=email]`, ann).sees("forgot_done_title", "link_code_hint")
		picture(t, r.Window, "link-asked-"+r.language)
		link := r.gets(ann, "link")
		elsewhere.Open(link)
		elsewhere.sees("link_elsewhere_title", "link_elsewhere")
		r.Open(link)
		picture(t, r.Window, "link-"+r.language)
		r.submits().At(site + "/page?q=1")
		r.isIn(ann)
		elsewhere.isOut()

		// Whoever reads mail on another machine types the code where they asked.
		elsewhere.Open(site + "/page?q=2").Press(`a[href*="/link"]`)
		elsewhere.submits(`[name=email]`, ann)
		code := codeInLetter.FindString(r.reads(ann, "link"))
		elsewhere.submits(`[name=code]`, "000000").sees("problem_invalid_code_link")
		elsewhere.submits(`[name=code]`, code).At(site + "/page?q=2")
		elsewhere.isIn(ann)
	})
}

func TestAnAddressIsChangedByTheNewOneAndTakenBackByTheOld(t *testing.T) {
	t.Parallel()
	g, site, mail := mailedSite(t, "")
	readers(t, site, mail, func(t *testing.T, r *reader) {
		ann, thief := r.address("ann"), r.address("thief")
		owner := r.another()
		g.MustCommand(gateway.Password+"\n", "users", "add", ann, "--password-stdin")
		r.signsIn(ann, gateway.Password).isIn(ann).Open(site + "/.gatehouse/account")
		r.Click(`details:has(form[action$="/account/email"]) summary`).Fill(`form[action$="/account/email"] [name=email]`, thief)
		r.Press(`form[action$="/account/email"] button[type=submit]`)
		r.sees("done_email")
		r.gets(ann, "email_asked")
		r.Open(r.gets(thief, "email_change"))
		picture(t, r.Window, "email-change-"+r.language)
		r.sees("email_title").submits().sees("email_done_title", "email_done").Open(site + "/page")
		r.isIn(thief)

		undo := r.gets(ann, "email_changed")
		owner.Open(undo)
		picture(t, owner.Window, "email-undo-"+r.language)
		owner.sees("email_undo_title", "email_undo_ends").submits().sees("email_undo_done_title", "email_undo_done")
		r.Open(site + "/page")
		r.sees("login_title").signsIn(ann, gateway.Password).sees("problem_invalid_credentials")
		owner.Open(r.gets(ann, "email_restored"))
		owner.submits(`[name=password]`, newPassword).sees("reset_done_title")
		owner.signsIn(ann, newPassword).isIn(ann)
		owner.Open(undo)
		if owner.sees("link_expired_title", "email_undo_expired"); owner.Status != http.StatusBadRequest {
			t.Errorf("the link again: %d", owner.Status)
		}
	})
}

// An administrator lets somebody in who has lost everything, and has them choose a new password on the way.
func TestALinkOfAnAdministratorSignsInOnceAndTheNewPasswordIsAskedFor(t *testing.T) {
	t.Parallel()
	g, site, mail := mailedSite(t, "")
	g.MustCommand(gateway.Password+"\n", "users", "add", "root@example.com", "--role", "admin", "--password-stdin")
	readers(t, site, mail, func(t *testing.T, r *reader) {
		root, ann := r.another(), r.address("ann")
		g.MustCommand(gateway.Password+"\n", "users", "add", ann, "--password-stdin")
		root.signsIn("root@example.com", gateway.Password)
		root.Open(site + "/.gatehouse/admin/users?query=" + ann).Press(`a[href*="/admin/users/"]:has(bdi)`)
		root.Press(`form:has([name=do][value=new_password]) button[type=submit]`)
		root.Press(`form:has([name=do][value=ticket]) button[type=submit]`)
		picture(t, root.Window, "ticket-made-"+r.language)
		link := root.Ask(`document.querySelector("#ticket").value`)
		r.Open(link)
		r.sees("ticket_title").submits().sees("login_new_password_title", "login_reason_new_password")
		r.submits(`[name=password]`, gateway.Password).sees("problem_password_not_acceptable_same")
		r.submits(`[name=password]`, newPassword).Open(site + "/page")
		r.isIn(ann)
		late := r.another()
		late.Open(link)
		late.sees("link_expired_title", "ticket_expired").isOut().signsIn(ann, newPassword).isIn(ann)
	})
}

func TestSomethingIsDoneToManyAccountsAfterOneMoreQuestion(t *testing.T) {
	t.Parallel()
	g, site, mail := mailedSite(t, "")
	g.MustCommand(gateway.Password+"\n", "users", "add", "root@example.com", "--role", "admin", "--password-stdin")
	readers(t, site, mail, func(t *testing.T, r *reader) {
		group := r.address("group")
		for _, name := range []string{"a-", "b-", "c-"} {
			g.MustCommand(gateway.Password+"\n", "users", "add", name+group, "--password-stdin")
		}
		ann := r.another()
		ann.signsIn("a-"+group, gateway.Password).isIn("a-" + group)
		r.signsIn("root@example.com", gateway.Password).Open(site + "/.gatehouse/admin/users?query=" + group)
		r.Click(`[name=all]`).Ask(`document.querySelector("#bulk-action").value = "disable"`)
		r.Press(`#bulk button[type=submit]`)
		picture(t, r.Window, "bulk-"+r.language)
		r.sees("admin_act_disable").Reads("c-" + group)
		ann.Reload().Reads(`"Remote-User"`) // nothing is done yet
		r.Press(`main form[method=post] button[type=submit]`)
		ann.Reload()
		ann.sees("login_title").signsIn("a-"+group, gateway.Password).sees("problem_account_disabled")
	})
}
