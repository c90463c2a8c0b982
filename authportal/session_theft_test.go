package authportal

import (
	"net/netip"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/store"
)

func TestSessionTheftIsRecorded(t *testing.T) {
	w := newWorld(t)
	l := &store.ActiveSession{Session: store.Session{ID: "child", Parent: "sign-in", UserID: "u1"},
		Identity: store.Identity{UserID: "u1", Username: "ada"}}
	w.p.SignIn.SessionTheft(t.Context(), l, netip.MustParseAddr("192.0.2.9"), "app.example.com")
	got := w.eventsOf(audit.EventSessionTheft)
	if len(got) != 1 || got[0].UserID != "u1" || got[0].Username != "ada" || got[0].Session != "sign-in" ||
		got[0].Address != "192.0.2.9" || got[0].Host != "app.example.com" || got[0].Time.IsZero() {
		t.Errorf("%+v", got)
	}
}

func TestSessionTheftNotifiesTheOwner(t *testing.T) {
	w, box := mailWorld(t)
	_, u := w.member("ann")
	l := &store.ActiveSession{Session: store.Session{UserID: u.ID}, Identity: u.Identity()}
	w.p.SignIn.SessionTheft(t.Context(), l, netip.Addr{}, "alone.example.org")
	box.one(w, "session_theft", "ann@example.com")

	u.Confirmed = false // the address may be a stranger's
	l.Identity = u.Identity()
	w.p.SignIn.SessionTheft(t.Context(), l, netip.Addr{}, "alone.example.org")
	if rest := box.letters(w); len(rest) != 0 {
		t.Errorf("%d messages to an unconfirmed address", len(rest))
	}
}
