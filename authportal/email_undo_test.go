package authportal

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/selfservice"
	"github.com/gatehouse-auth/gatehouse/store"
)

// A thief in the owner's browser changes the address and adds credentials. The owner still reads the old mailbox.
func TestOldAddressTakesAccountBackFromThief(t *testing.T) {
	w, box := mailWorld(t)
	thief, u := w.owner("ann")
	b := w.browser()
	b.enter(u.Email, "right")
	put := func(kind, id string) {
		k := store.Credential{Kind: kind, ID: id, Owner: u.ID, Created: w.clock()}
		if err := w.users.PutCredential(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	put("totp", "the owner's")
	w.pass(time.Minute)
	undo := thief.moves(box, "thief@example.net")
	put("totp", "the thief's")
	stolen, _ := thief.api("POST", aloneAPI+"tokens", `{"name":"back door"}`).json(t)["token"].(string)
	thief.api("POST", aloneAPI+"password/forgot", `{"email":"thief@example.net"}`).wants(t, 202, "")
	reset := ofKind(t, box.letters(w), "reset").token(t)
	onward := ofKind(t, thief.asks(box, "thief2@example.net"), "email_change").token(t)

	link := alone + "/email/undo?token=" + undo
	for range 3 { // a mail scanner
		w.browser().get(link).wants(t, 200, `"Undo":true`)
	}
	if w.account("thief@example.net").ID != u.ID {
		t.Fatal("a GET undid the change")
	}
	b.post(alone+"/email/undo", values("token", undo)).wants(t, 200, `"Done":true`)

	got := w.account("ann@example.com")
	if got.ID != u.ID || got.Username != "ann@example.com" || !got.Confirmed {
		t.Errorf("%+v", got)
	}
	if thief.signedInAs() != "" || b.signedInAs() != "" {
		t.Error("a session is still valid")
	}
	if _, err := w.p.SignIn.CheckToken(t.Context(), stolen); !errors.Is(err, problem.InvalidToken) {
		t.Error("the thief's token is still valid:", err)
	}
	thief.api("POST", aloneAPI+"login", `{"login":"ann@example.com","password":"right"}`).wants(t, 401, "invalid_credentials")
	thief.api("POST", aloneAPI+"password/reset", resetWith(reset, "thief's password")).wants(t, 400, "invalid_token")
	thief.api("POST", aloneAPI+"email/confirm", tokenBody(onward)).wants(t, 400, "invalid_token")
	left, err := w.users.CredentialsOf(t.Context(), u.ID, "")
	if err != nil || len(left) != 1 || left[0].ID != "the owner's" {
		t.Errorf("left: %+v %v", left, err) // the older factor stays: a mailbox is no second factor
	}
	wantEvents(t, w, audit.EventEmailUndo, "ok")

	all := box.letters(w)
	wantMessages(t, all, "email_restored to ann@example.com, email_undone to thief@example.net")
	if l := ofKind(t, all, "email_undone"); strings.Contains(l.Link, "token") || l.Account != "thief@example.net" {
		t.Errorf("the thief reads %+v", l)
	}
	password := ofKind(t, all, "email_restored").token(t)
	b.api("POST", aloneAPI+"password/reset", resetWith(password, "correct horse")).wants(t, 200, "changed")
	w.browser().enter("ann@example.com", "correct horse")
	w.browser().post(alone+"/email/undo", values("token", undo)).wants(t, 400, `"Expired":true`)
}

// The thief changes the address once more, so that it is no longer the one in the first link.
func TestTheFirstAddressTakesTheAccountBackFromTheThird(t *testing.T) {
	w, box := mailWorld(t)
	b, u := w.owner("ann")
	first := b.moves(box, "b@example.net")
	w.pass(time.Minute)
	second := b.moves(box, "c@example.net")
	w.browser().api("POST", aloneAPI+"email/undo", tokenBody(first)).wants(t, 200, "restored")
	wantMessages(t, box.letters(w), "email_restored to ann@example.com, email_undone to c@example.net")
	w.browser().api("POST", aloneAPI+"email/undo", tokenBody(second)).wants(t, 400, "invalid_token")
	if w.account("ann@example.com").ID != u.ID {
		t.Error("not back")
	}
}

// Undoing the second change leaves the first, which its old address can still undo.
func TestAnEarlierAddressOutranksALaterOne(t *testing.T) {
	w, box := mailWorld(t)
	b, u := w.owner("ann")
	first := b.moves(box, "b@example.net")
	w.pass(time.Minute)
	second := b.moves(box, "c@example.net")
	w.browser().api("POST", aloneAPI+"email/undo", tokenBody(second)).wants(t, 200, "restored")
	if w.account("b@example.net").ID != u.ID {
		t.Fatal("not back at the second")
	}
	w.browser().api("POST", aloneAPI+"email/undo", tokenBody(first)).wants(t, 200, "restored")
	if w.account("ann@example.com").ID != u.ID {
		t.Error("not back at the first")
	}
}

// forge returns the token with another first character.
func forge(token string) string {
	if token[0] == 'A' {
		return "B" + token[1:]
	}
	return "A" + token[1:]
}

// The link to the old address is bound to one purpose, works once and expires after seven days.
func TestUndoLinkIsBoundAndExpires(t *testing.T) {
	w, box := mailWorld(t)
	b, u := w.owner("ann")
	token := b.moves(box, "ann@example.net")
	b.api("POST", aloneAPI+"email/confirm", tokenBody(token)).wants(t, 400, "invalid_token")
	head, label, _ := strings.Cut(token, ".")
	for _, bad := range []string{"", head, "." + label, forge(head) + "." + label} {
		b.api("POST", aloneAPI+"email/undo", tokenBody(bad)).wants(t, 400, "invalid_token")
	}
	w.oneWins(t, 12, func(b *browser) int { return b.api("POST", aloneAPI+"email/undo", tokenBody(token)).StatusCode })
	if w.account("ann@example.com").ID != u.ID {
		t.Error("the address is not that of the account")
	}
	wantMessages(t, box.letters(w), "email_restored to ann@example.com, email_undone to ann@example.net")

	c, _ := w.owner("bob")
	late := c.moves(box, "bob@example.net")
	w.pass(accounts.EmailUndoLife)
	w.browser().api("POST", aloneAPI+"email/undo", tokenBody(late)).wants(t, 400, "invalid_token")
}

func TestUndoIsRefused(t *testing.T) {
	no, elsewhere := false, "ann@example.org"
	for name, c := range map[string]struct {
		do     func(w *world, u store.User)
		status int
		want   string
	}{
		"an administrator's address": {func(w *world, u store.User) { w.set(u.ID, accounts.UserChange{Email: &elsewhere}) }, 400, "invalid_token"},
		"disabled":                   {func(w *world, u store.User) { w.set(u.ID, accounts.UserChange{Enabled: &no}) }, 400, "invalid_token"},
		"deleted": {func(w *world, u store.User) {
			if err := w.users.DeleteUser(w.t.Context(), u.ID); err != nil {
				w.t.Fatal(err)
			}
		}, 400, "invalid_token"},
		"the old address has an account of its own": {func(w *world, _ store.User) {
			w.set(w.user("new").ID, accounts.UserChange{Email: ref("ann@example.com")})
		}, 409, "user_exists"},
	} {
		t.Run(name, func(t *testing.T) {
			w, box := mailWorld(t)
			u := w.user("ann")
			u.Username = "annie" // so that the address becomes free
			u, err := w.users.UpdateUser(t.Context(), u)
			if err != nil {
				t.Fatal(err)
			}
			b := w.browser()
			b.enter("annie", "right")
			token := b.moves(box, "ann@example.net")
			c.do(w, u)
			w.browser().api("POST", aloneAPI+"email/undo", tokenBody(token)).wants(t, c.status, c.want)
			w.browser().post(alone+"/email/undo", values("token", token)).wants(t, c.status, "")
			box.none(w)
		})
	}
}

// The store fails in the middle: the same link finishes the undo, and the thief loses access.
func TestInterruptedUndoIsFinishedByTheSameLink(t *testing.T) {
	w, box := mailWorld(t)
	thief, u := w.owner("ann")
	token := thief.moves(box, "thief@example.net")
	w.shop.endDown.Store(true)
	w.browser().api("POST", aloneAPI+"email/undo", tokenBody(token)).wants(t, 503, "")
	w.shop.endDown.Store(false)
	if w.account("ann@example.com").ID != u.ID {
		t.Fatal("the address comes first")
	}
	// The first click may still be running.
	w.browser().api("POST", aloneAPI+"email/undo", tokenBody(token)).wants(t, 400, "invalid_token")
	w.pass(selfservice.ClaimFor)
	w.browser().api("POST", aloneAPI+"email/undo", tokenBody(token)).wants(t, 200, "restored")
	if thief.signedInAs() != "" {
		t.Error("the thief is still signed in")
	}
	wantMessages(t, box.letters(w), "email_restored to ann@example.com, email_undone to thief@example.net")
}

func TestClearingFactorsLeavesTheWayBack(t *testing.T) {
	w, box := mailWorld(t)
	b, u := w.owner("ann")
	token := b.moves(box, "ann@example.net")
	if err := w.p.Accounts().ClearFactors(t.Context(), cli, u.ID); err != nil {
		t.Fatal(err)
	}
	w.browser().api("POST", aloneAPI+"email/undo", tokenBody(token)).wants(t, 200, "restored")
}
