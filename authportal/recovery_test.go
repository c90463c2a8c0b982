package authportal

import (
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// TestRecovery checks what each act of recovery ends on an account with two sessions, and with credentials of every
// kind from before and since the request of a change of address.
func TestRecovery(t *testing.T) {
	const (
		all  = "factor link mark pending primary ticket token unknown"
		none = ""
	)
	set := func(ch accounts.UserChange) func(*testing.T, *world, *browser, store.User, time.Time) error {
		return func(t *testing.T, w *world, _ *browser, u store.User, _ time.Time) error {
			_, err := w.p.Accounts().Set(t.Context(), cli, u.ID, ch)
			return err
		}
	}
	for name, c := range map[string]struct {
		act      accounts.Recovery
		do       func(*testing.T, *world, *browser, store.User, time.Time) error
		old, new string // what is left
		sessions string // which of the two stay: the acting one, the other
	}{
		"a new password set by an administrator": {accounts.RecoveryPassword,
			set(accounts.UserChange{Password: new("correct horse")}),
			"factor link pending primary token unknown", "factor link pending primary token unknown", ""},
		"a new password set by the owner": {accounts.RecoveryPassword,
			func(t *testing.T, _ *world, b *browser, _ store.User, _ time.Time) error {
				b.api("POST", aloneAPI+"password/change", `{"current":"right","password":"correct horse"}`).wants(t, 200,
					"")
				return nil
			}, "factor link pending primary token unknown", "factor link pending primary token unknown", "mine"},
		"a new password demanded": {accounts.RecoveryDemandPassword,
			set(accounts.UserChange{MustChangePassword: new(true)}), all, all, ""},
		"disabled": {accounts.RecoveryDisable, set(accounts.UserChange{Enabled: new(false)}), all, all,
			""},
		"approval taken back": {accounts.RecoveryDisable, set(accounts.UserChange{Approved: new(false)}), all, all,
			""},
		"the first proof of the mailbox": {accounts.RecoveryMailbox,
			func(t *testing.T, w *world, _ *browser, u store.User, _ time.Time) error {
				u, err := w.p.Accounts().Set(t.Context(), cli, u.ID, accounts.UserChange{Confirmed: new(false)})
				if err == nil {
					_, err = w.p.Accounts().ProveMailbox(t.Context(), u)
				}
				return err
			}, none, none, ""},
		"a change of address undone": {accounts.RecoveryEmailUndo,
			func(t *testing.T, w *world, _ *browser, u store.User, asked time.Time) error {
				a := w.p.Accounts()
				u, err := a.Set(t.Context(), cli, u.ID, accounts.UserChange{Email: new("eve@example.net")})
				if err == nil {
					_, err = a.TakeBack(t.Context(), &u,
						&accounts.EmailMove{Old: "ann@example.com", New: u.Email, Asked: asked},
						"undo")
				}
				return err
			}, "factor link pending ticket unknown", none, ""},
		"factors cleared": {accounts.RecoveryFactors,
			func(t *testing.T, w *world, _ *browser, u store.User, _ time.Time) error {
				return w.p.Accounts().ClearFactors(t.Context(), cli, u.ID)
			}, "link pending primary token unknown", "link pending primary token unknown", "mine other"},
		"sessions ended": {accounts.RecoverySessions,
			func(t *testing.T, w *world, _ *browser, u store.User, _ time.Time) error {
				_, err := w.p.Accounts().RevokeSessions(t.Context(), cli, u.ID)
				return err
			}, "factor link mark pending primary token unknown", "factor link mark pending primary token unknown", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := newAccounts(t, withKinds(madeUp))
			mine, u := w.member("ann")
			other := w.browser()
			other.enter("ann", "right")
			w.holdAll(&u, "old")
			w.pass(time.Minute)
			asked := w.clock()
			w.pass(time.Second)
			w.holdAll(&u, "new")
			if err := c.do(t, w, mine, u, asked); err != nil {
				t.Fatal(err)
			}
			if got := w.held(u.ID, "old"); got != c.old {
				t.Errorf("left from before: %s; want %s", got, c.old)
			}
			if got := w.held(u.ID, "new"); got != c.new {
				t.Errorf("left from since: %s; want %s", got, c.new)
			}
			left := ""
			for name, b := range map[string]*browser{"mine": mine, "other": other} {
				if b.signedInAs() != "" {
					left += name
				}
			}
			if want := map[string]int{"": 0, "mine": 4, "mine other": 9}[c.sessions]; len(left) != want {
				t.Errorf("sessions that go on: %q; want %q", left, c.sessions)
			}
			recoverySays(t, c.act, c.old, c.new)
		})
	}
}

// recoverySays compares the table with what an act left.
func recoverySays(t *testing.T, act accounts.Recovery, old, since string) {
	t.Helper()
	row, known := accounts.Recoveries[act]
	if !known {
		t.Fatalf("%s is not in the table", act)
	}
	left := func(age accounts.Reach) string {
		list := ""
		for _, class := range []method.CredentialClass{method.ClassFactor, method.ClassLink, method.ClassMark,
			method.ClassPending,
			method.ClassPrimary, method.ClassTicket, method.ClassToken, "unknown"} {
			if row.Of(class) >= age {
				continue
			}
			if list != "" {
				list += " "
			}
			list += string(class)
		}
		return list
	}
	if got := left(accounts.ReachAll); got != old {
		t.Errorf("the table leaves of before %s, the act %s", got, old)
	}
	if got := left(accounts.ReachSince); got != since {
		t.Errorf("the table leaves of since %s, the act %s", got, since)
	}
}

// Links in queued messages are not deleted: they are void once what they depend on, the version of the password or the
// address, has changed. The tests of resets and invitations check that; this one checks which acts change it.
func TestRecoveryAndLinksOfMessages(t *testing.T) {
	for act, row := range accounts.Recoveries {
		stale := act == accounts.RecoveryPassword || act == accounts.RecoveryMailbox ||
			act == accounts.RecoveryEmailUndo
		if (row.MailLinks == accounts.ReachStale) != stale {
			t.Errorf("%s: %d", act, row.MailLinks)
		}
	}
}
