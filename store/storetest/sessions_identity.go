package storetest

import (
	"slices"

	"github.com/gatehouse-auth/gatehouse/store"
)

// promoted returns u as its next version, with one more role and another name.
func promoted(u store.User, role string) store.User {
	u.Roles = append(slices.Clone(u.Roles), role)
	slices.Sort(u.Roles)
	u.Name += "!"
	u.Version++
	return u
}

func refreshSpreads(w *world) {
	u, other := w.user("ann"), w.user("ben")
	a, b, stranger := w.signIn(u), w.signIn(u), w.signIn(other)
	c := w.child(a, "app.example.com")
	u2 := promoted(u, "reviewer")
	w.put(u2)
	w.must(w.s.RefreshIdentity(w.ctx(), u2.Identity()))
	for _, key := range []store.Key{a.Session.Key, b.Session.Key, c.Session.Key} {
		w.sameIdentity(w.alive(w.s, key, "a session").Identity, u2.Identity())
	}
	w.sameIdentity(w.child(a, "later.example.com").Identity, u2.Identity())
	w.sameIdentity(w.alive(w.s, stranger.Session.Key, "another user's session").Identity, other.Identity())
	got := w.alive(w.s, a.Session.Key, "a session")
	w.sameSession(got.Session, a.Session)

	// A user may lose everything but the id.
	u3 := u2
	u3.Roles, u3.Attributes, u3.Name, u3.Confirmed, u3.Version = nil, map[string]any{}, "", false, 3
	w.put(u3)
	w.must(w.s.RefreshIdentity(w.ctx(), u3.Identity()))
	w.sameIdentity(w.alive(w.s, c.Session.Key, "a session").Identity, u3.Identity())
}

func refreshOlder(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	c := w.child(l, "app.example.com")
	u2 := promoted(u, "reviewer")
	u3 := promoted(u2, "writer")
	w.put(u2)
	w.put(u3)
	w.must(w.s.RefreshIdentity(w.ctx(), u3.Identity()))
	w.must(w.s.RefreshIdentity(w.ctx(), u2.Identity()))
	w.must(w.s.RefreshIdentity(w.ctx(), u.Identity()))
	for _, key := range []store.Key{l.Session.Key, c.Session.Key} {
		w.sameIdentity(w.alive(w.s, key, "a session").Identity, u3.Identity())
	}
	// A sign-in that read its user before the change is stored after it.
	late := w.signIn(u)
	w.sameIdentity(w.alive(w.s, late.Session.Key, "a sign-in that was overtaken").Identity, u3.Identity())
	w.sameIdentity(w.child(late, "app.example.com").Identity, u3.Identity())
}

func refreshRace(w *world) {
	u := w.user("ann")
	l := w.signIn(u)
	c := w.child(l, "app.example.com")
	versions := []store.User{u}
	for range racers {
		next := promoted(versions[len(versions)-1], "r"+newID()[:5])
		w.put(next)
		versions = append(versions, next)
	}
	children := make([]store.ActiveSession, racers)
	race(func(i int) bool {
		if err := w.s.RefreshIdentity(w.ctx(), versions[i+1].Identity()); err != nil {
			w.Errorf("refreshing: %v", err)
		}
		children[i] = w.newChild(l, "app.example.com")
		if err := w.s.CreateSession(w.ctx(), &children[i]); err != nil {
			w.Errorf("creating a child: %v", err)
		}
		return true
	})
	last := versions[racers].Identity()
	for _, key := range []store.Key{l.Session.Key, c.Session.Key} {
		w.sameIdentity(w.alive(w.s, key, "a session").Identity, last)
	}
	for _, c := range children {
		w.sameIdentity(w.alive(w.s, c.Session.Key, "a child").Identity, last)
	}
}

func refreshInactive(w *world) {
	inactive(w, func(u *store.User, off bool) { u.Enabled = !off })
}

func refreshDue(w *world) {
	inactive(w, func(u *store.User, off bool) { u.MustChangePassword = off })
}

func inactive(w *world, set func(u *store.User, off bool)) {
	u, other := w.user("ann"), w.user("ben")
	a, b, stranger := w.signIn(u), w.signIn(u), w.signIn(other)
	c := w.child(a, "app.example.com")
	off := u
	set(&off, true)
	off.Version = 2
	w.put(off)
	w.must(w.s.RefreshIdentity(w.ctx(), off.Identity()))
	w.gone(w.s, c.Session.Key, "a child of a user who may have none")
	w.endedEverywhere(a)
	w.endedEverywhere(b)
	w.alive(w.s, stranger.Session.Key, "another user's session")

	// A sign-in that read its user before the change must not outlive it. Whether it is refused or ends at once is left
	// open.
	late := w.newSignIn(u)
	_ = w.s.CreateSession(w.ctx(), &late)
	w.endedEverywhere(late)

	on := off
	set(&on, false)
	on.Version = 3
	w.put(on)
	w.must(w.s.RefreshIdentity(w.ctx(), on.Identity()))
	w.gone(w.s, a.Session.Key, "a session from before")
	again := w.signIn(on)
	w.sameIdentity(w.alive(w.s, again.Session.Key, "a new sign-in").Identity, on.Identity())
}

func refreshNobody(w *world) {
	u := w.user("ann")
	w.must(w.s.RefreshIdentity(w.ctx(), u.Identity()))
	off := u
	off.Enabled, off.Version = false, 2
	w.put(off)
	w.must(w.s.RefreshIdentity(w.ctx(), off.Identity()))
}
