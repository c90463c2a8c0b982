package redis

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
	"github.com/gatehouse-auth/gatehouse/store"
)

func indexStore(t *testing.T, now func() time.Time) *Store {
	t.Helper()
	s, err := Open(t.Context(), []string{servers.Redis(t) + "?prefix=index-" + randomID()[:8] + ":"}, store.Env{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func list1(user string, expires time.Time) *record {
	return &record{kind: isSignIn, session: store.Session{Key: store.KeyOf([]byte(randomID())), ID: randomID(), UserID: user, Expires: expires}}
}

func TestDeadEntriesLeaveTheIndexWhileOthersEnter(t *testing.T) {
	now := time.Now()
	s := indexStore(t, func() time.Time { return now })
	p := s.place("ann")
	for range 200 {
		if _, err := s.enter(t.Context(), list1("ann", now.Add(time.Minute))); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(3 * time.Minute)
	for range 200 {
		if _, err := s.enter(t.Context(), list1("ann", now.Add(time.Minute))); err != nil {
			t.Fatal(err)
		}
	}
	total := s.rdb.HLen(t.Context(), p.top).Val() + s.rdb.HLen(t.Context(), p.over).Val()
	if total > 280 { // 200 alive; of the dead, chance leaves a few
		t.Errorf("%d entries for 200 sign-ins", total)
	}
}

func TestAFullBucketOverflowsAndLosesNobody(t *testing.T) {
	now := time.Now()
	s := indexStore(t, func() time.Time { return now })
	const n = 600
	var want []string
	p := s.place("ann")
	for range n {
		r := list1("ann", now.Add(time.Hour))
		want = append(want, p.field(r.session.ID))
		if _, err := s.enter(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	listed, err := s.entries(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range listed {
		got = append(got, e.field)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%d of %d listed", len(got), n)
	}
	if top := s.rdb.HLen(t.Context(), p.top).Val(); top != 256 {
		t.Errorf("%d in the bucket", top)
	}
}

// TestTagsAreTakenLiterally looks at users whose tags hold what is special to a pattern.
func TestTagsAreTakenLiterally(t *testing.T) {
	now := time.Now()
	s := indexStore(t, func() time.Time { return now })
	special := 0
	for i := 0; special < 20; i++ {
		user := fmt.Sprint("user", i)
		p := s.place(user)
		if !strings.ContainsAny(p.tag, `*?[]\`) {
			continue
		}
		special++
		r := list1(user, now.Add(time.Hour))
		if _, err := s.enter(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if listed, err := s.entries(t.Context(), user); err != nil || len(listed) != 1 || listed[0].field != p.field(r.session.ID) {
			t.Errorf("tag %q: %q, %v", p.tag, listed, err)
		}
	}
}

// TestASharedTagShowsNobodyElse: where two users' tags are the same, only the record tells whose a sign-in is.
func TestASharedTagShowsNobodyElse(t *testing.T) {
	s := indexStore(t, time.Now)
	a := newFamily(t, s)
	user := a.signIn.Session.UserID
	b := newFamily(t, s)
	// b's sign-in is listed among a's, as if the tags were the same.
	p := s.place(user)
	field := p.field(b.signIn.Session.ID)
	if err := s.rdb.HSet(t.Context(), p.top, field, entryValue(b.signIn.Session.Key, b.signIn.Session.Expires)).Err(); err != nil {
		t.Fatal(err)
	}
	list, err := s.SessionsOf(t.Context(), user)
	if err != nil || len(list) != 1 || list[0].ID != a.signIn.Session.ID {
		t.Errorf("listed %v, %v", list, err)
	}
	if n, err := s.EndSessionsOf(t.Context(), user, ""); n != 1 || err != nil {
		t.Errorf("ended %d, %v", n, err)
	}
	if err := s.EndSession(t.Context(), user, b.signIn.Session.ID); err == nil {
		t.Error("ended a stranger's sign-in")
	}
	if err := s.RefreshIdentity(t.Context(), store.Identity{UserID: user, Version: 9}); err != nil {
		t.Error(err)
	}
	if _, err := s.Session(t.Context(), b.signIn.Session.Key); err != nil {
		t.Errorf("the stranger's sign-in: %v", err)
	}
}

// TestManyUsesAreWrittenInOneGo: a busy gateway tells thousands of uses a minute.
func TestManyUsesAreWrittenInOneGo(t *testing.T) {
	now := time.Now()
	s := indexStore(t, func() time.Time { return now })
	var uses []store.Use
	var families []family
	for range 150 {
		f := newFamily(t, s)
		families = append(families, f)
		uses = append(uses, store.Use{Key: f.signIn.Session.Key, Seen: now.Add(50 * time.Minute)},
			store.Use{Key: f.a.Session.Key, Seen: now.Add(50 * time.Minute)})
	}
	now = now.Add(50 * time.Minute)
	if err := s.TouchSessions(t.Context(), uses); err != nil {
		t.Fatal(err)
	}
	now = now.Add(50 * time.Minute)
	for _, f := range families {
		for _, l := range []store.ActiveSession{f.signIn, f.a, f.b} {
			if _, err := s.Session(t.Context(), l.Session.Key); err != nil {
				t.Fatalf("a session that was used: %v", err)
			}
		}
	}
}

// TestAFamilyIsBounded: a browser that loses its cookies at a host again and again makes a child each time.
func TestAFamilyIsBounded(t *testing.T) {
	s := indexStore(t, time.Now)
	f := newFamily(t, s)
	var last store.ActiveSession
	for range maxChildren {
		last = store.ActiveSession{Session: store.Session{Key: store.KeyOf([]byte(randomID())), ID: randomID(), Parent: f.signIn.Session.ID,
			UserID: f.signIn.Session.UserID, Host: "a", Created: s.now()}}
		if err := s.CreateSession(t.Context(), &last); err != nil {
			t.Fatal(err)
		}
	}
	h, err := s.signIn(t.Context(), f.signIn.Session.UserID, f.signIn.Session.ID)()
	if err != nil || len(h.children) != maxChildren {
		t.Fatalf("%d children, %v", len(h.children), err)
	}
	if _, err := s.Session(t.Context(), f.a.Session.Key); err == nil {
		t.Error("the oldest child is alive and no longer listed")
	}
	if _, err := s.Session(t.Context(), last.Session.Key); err != nil {
		t.Errorf("the newest child: %v", err)
	}
}
