package authportal

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/store"
)

// sweep runs one round of a sweeper, and refreshes the sessions as the relay would.
func (w *world) sweep(s *accounts.ColumnSweeper) {
	w.t.Helper()
	if s.Swept == nil {
		s.Swept = map[accounts.Leaving]bool{}
	}
	if err := s.Sweep(w.t.Context(), w.clock); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) give(u store.User, attributes map[string]any) store.User {
	w.t.Helper()
	u, err := w.p.Accounts().Set(w.t.Context(), accounts.Actor{}, u.ID, accounts.UserChange{Attributes: attributes})
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

func (w *world) leaving() int {
	w.t.Helper()
	book, _, err := accounts.ReadColumns(w.t.Context(), w.users)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(book.Leaving)
}

func TestTheValuesOfARemovedColumnGoFromAllAccounts(t *testing.T) {
	w, _ := newAccounts(t)
	a, sweeper := w.p.Accounts(), &accounts.ColumnSweeper{Users: w.users}
	w.addColumn("plan", accounts.ColumnText)
	w.addColumn("seats", accounts.ColumnNumber)
	for i := range accounts.SweepBatch + 10 { // more than a page
		u := w.user(fmt.Sprint("user", i))
		if i%2 == 0 {
			w.give(u, map[string]any{"plan": "gold", "seats": 1.0})
		}
	}
	if rows, err := w.users.PendingChanges(t.Context(), 1000); err != nil {
		t.Fatal(err)
	} else {
		w.acknowledge(rows)
	}
	bare, held := w.account("user1"), w.account("user0")
	if err := a.RemoveColumn(t.Context(), accounts.Actor{}, "plan", false); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Set(t.Context(), accounts.Actor{}, held.ID,
		accounts.UserChange{Attributes: map[string]any{"plan": "free"}}); codeOf(err) != "column_busy" {
		t.Errorf("a value for a column that is going: %v", err)
	}
	if _, err := a.AddColumn(t.Context(), accounts.Actor{},
		accounts.Column{Key: "plan", Type: accounts.ColumnList}); codeOf(err) != "column_busy" {
		t.Errorf("a column like one that is going: %v", err)
	}
	w.sweep(sweeper)
	for i := range accounts.SweepBatch + 10 {
		if u := w.account(fmt.Sprint("user", i)); u.Attributes["plan"] != nil || i%2 == 0 &&
			u.Attributes["seats"] != 1.0 {
			t.Fatalf("%s has %v", u.Username, u.Attributes)
		}
	}
	if u := w.account("user1"); u.Version != bare.Version {
		t.Error("an account without a value was changed")
	}
	if u := w.account("user0"); u.Version != held.Version+1 {
		t.Error("an account lost a value at the same version")
	}
	if rows, err := w.users.PendingChanges(t.Context(), 1000); err != nil || len(rows) != (accounts.SweepBatch+10)/2 {
		t.Errorf("live sessions hear of %d changes, %v", len(rows), err)
	} else {
		w.acknowledge(rows)
	}
	// A call that read the columns before the change writes only now.
	u := w.account("user0")
	u.Attributes = map[string]any{"plan": "late"}
	if _, err := w.users.UpdateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	w.pass(accounts.SweepSettle)
	w.sweep(sweeper)
	if u := w.account("user0"); len(u.Attributes) > 0 || w.leaving() > 0 {
		t.Errorf("%v, %d on the way", u.Attributes, w.leaving())
	}
	w.addColumn("plan", accounts.ColumnList) // free again
}

func (w *world) acknowledge(rows []store.Change) {
	w.t.Helper()
	var seqs []int64
	for _, row := range rows {
		seqs = append(seqs, row.Seq)
	}
	if err := w.users.AckChanges(w.t.Context(), seqs...); err != nil {
		w.t.Fatal(err)
	}
}

func TestValuesMayStayWhenTheirColumnIsRemoved(t *testing.T) {
	w, _ := newAccounts(t)
	w.addColumn("plan", accounts.ColumnText)
	w.give(w.user("ann"), map[string]any{"plan": "gold"})
	if err := w.p.Accounts().RemoveColumn(t.Context(), accounts.Actor{}, "plan", true); err != nil {
		t.Fatal(err)
	}
	w.sweep(&accounts.ColumnSweeper{Users: w.users})
	if u := w.account("ann"); u.Attributes["plan"] != "gold" {
		t.Errorf("%v", u.Attributes)
	}
}

func TestTheValuesOfARenamedColumnFollow(t *testing.T) {
	w, _ := newAccounts(t)
	a, sweeper := w.p.Accounts(), &accounts.ColumnSweeper{Users: w.users}
	w.addColumn("plan", accounts.ColumnText)
	w.addColumn("seats", accounts.ColumnNumber)
	w.give(w.user("ann"), map[string]any{"plan": "gold", "seats": 2.0})
	w.give(w.user("bob"), map[string]any{"plan": "free"})
	w.user("eve")
	rename := func(key, to string) string {
		_, err := a.ChangeColumn(t.Context(), accounts.Actor{}, key, accounts.ColumnChange{Key: &to})
		return codeOf(err)
	}
	if code := rename("plan", "tier"); code != "" || w.columnKeys() != "tier seats" {
		t.Fatalf("%s, columns %q", code, w.columnKeys())
	}
	w.give(w.account("bob"), map[string]any{"tier": "newer"}) // before the sweeper runs
	for _, to := range [][2]string{{"tier", "plan"}, {"tier", "x"}, {"seats", "plan"}, {"seats", "tier"}} {
		if code := rename(to[0], to[1]); code != "column_busy" && code != "column_taken" {
			t.Errorf("%s to %s: %q", to[0], to[1], code)
		}
	}
	if err := a.RemoveColumn(t.Context(), accounts.Actor{}, "tier", false); codeOf(err) != "column_busy" {
		t.Errorf("removing where values are still coming: %v", err)
	}
	w.sweep(sweeper)
	w.pass(accounts.SweepSettle)
	w.sweep(sweeper)
	for name, want := range map[string]map[string]any{"ann": {"tier": "gold", "seats": 2.0}, "bob": {"tier": "newer"},
		"eve": {}} {
		if u := w.account(name); !reflect.DeepEqual(u.Attributes, want) {
			t.Errorf("%s has %v, want %v", name, u.Attributes, want)
		}
	}
	if code := rename("tier", "plan"); code != "" {
		t.Errorf("back again: %s", code)
	}
	wantEvents(t, w, audit.EventColumnChanged, "ok plan renamed to tier", "refused column_busy", "refused column_busy",
		"refused column_busy",
		"refused column_taken", "ok tier renamed to plan")
}

// meddler changes an account between the sweeper's read and its write.
type meddler struct {
	store.UserStore
	meddle func()
}

func (m *meddler) UpdateUser(ctx context.Context, u store.User) (store.User, error) {
	if f := m.meddle; f != nil {
		m.meddle = nil
		f()
	}
	return m.UserStore.UpdateUser(ctx, u)
}

func TestASweepLosesNothingThatIsChangedMeanwhile(t *testing.T) {
	w, _ := newAccounts(t)
	w.addColumn("plan", accounts.ColumnText)
	ann, bob := w.user("ann"), w.user("bob")
	w.give(ann, map[string]any{"plan": "gold"})
	w.give(bob, map[string]any{"plan": "gold"})
	if err := w.p.Accounts().RemoveColumn(t.Context(), accounts.Actor{}, "plan", false); err != nil {
		t.Fatal(err)
	}
	m := &meddler{UserStore: w.users, meddle: func() {
		name := "Ann"
		if _, err := w.p.Accounts().Set(t.Context(), accounts.Actor{}, ann.ID,
			accounts.UserChange{Name: &name, Attributes: map[string]any{"seats": 1.0}}); err != nil {
			t.Error(err)
		}
		if err := w.p.Accounts().Delete(t.Context(), accounts.Actor{}, bob.ID); err != nil {
			t.Error(err)
		}
	}}
	w.sweep(&accounts.ColumnSweeper{Users: m})
	if u := w.account("ann"); u.Name != "Ann" || !reflect.DeepEqual(u.Attributes, map[string]any{"seats": 1.0}) {
		t.Errorf("%s %v", u.Name, u.Attributes)
	}
}

// brokenOff fails after some changes, like a process that is killed.
type brokenOff struct {
	store.UserStore
	left int
}

func (b *brokenOff) UpdateUser(ctx context.Context, u store.User) (store.User, error) {
	if b.left--; b.left < 0 {
		return u, store.ErrUnavailable
	}
	return b.UserStore.UpdateUser(ctx, u)
}

// watched is called after changes of the columns.
type watched struct {
	store.UserStore
	changed chan<- struct{}
}

func (s *watched) PutSetting(ctx context.Context, name string, old, value []byte) error {
	err := s.UserStore.PutSetting(ctx, name, old, value)
	if err == nil {
		s.changed <- struct{}{}
	}
	return err
}

func TestASweepThatWasBrokenOffIsFinishedByTheNext(t *testing.T) {
	w, _ := newAccounts(t)
	w.addColumn("plan", accounts.ColumnText)
	for _, name := range []string{"ann", "bob", "eve"} {
		w.give(w.user(name), map[string]any{"plan": "gold"})
	}
	to := "tier"
	if _, err := w.p.Accounts().ChangeColumn(t.Context(), accounts.Actor{}, "plan",
		accounts.ColumnChange{Key: &to}); err != nil {
		t.Fatal(err)
	}
	first := &accounts.ColumnSweeper{Users: &brokenOff{UserStore: w.users, left: 1}, Swept: map[accounts.Leaving]bool{}}
	if err := first.Sweep(t.Context(), w.clock); !errors.Is(err, store.ErrUnavailable) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	finished := make(chan struct{}, 1)
	second := &accounts.ColumnSweeper{Users: &watched{w.users, finished},
		Now: func() time.Time { return w.clock().Add(accounts.SweepSettle) }, Every: time.Millisecond}
	done := make(chan error, 1)
	go func() { done <- second.Run(ctx) }()
	<-finished
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := w.leaving(); n > 0 {
		t.Errorf("%d on the way", n)
	}
	for _, name := range []string{"ann", "bob", "eve"} {
		if u := w.account(name); !reflect.DeepEqual(u.Attributes, map[string]any{"tier": "gold"}) {
			t.Errorf("%s has %v", name, u.Attributes)
		}
	}
}
