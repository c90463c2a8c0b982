package authportal

import (
	"net/netip"
	"testing"

	"github.com/gatehouse-auth/gatehouse/store"
)

func TestATheftIsToldWithWhoseItWasAndFromWhere(t *testing.T) {
	w := newWorld(t)
	l := &store.Live{Session: store.Session{ID: "child", Parent: "sign-in", UserID: "u1"}, Identity: store.Identity{UserID: "u1", Username: "ada"}}
	w.p.SessionTheft(t.Context(), l, netip.MustParseAddr("192.0.2.9"), "app.example.com")
	got := w.eventsOf(EventSessionTheft)
	if len(got) != 1 || got[0].UserID != "u1" || got[0].Username != "ada" || got[0].Session != "sign-in" ||
		got[0].Address != "192.0.2.9" || got[0].Host != "app.example.com" || got[0].Time.IsZero() {
		t.Errorf("%+v", got)
	}
}
