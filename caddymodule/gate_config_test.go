package caddymodule

import (
	"log/slog"
	"testing"

	"github.com/gatehouse-auth/gatehouse/rolepolicy"
	"github.com/gatehouse-auth/gatehouse/store/cache"
)

// The portal begins links in mail with the addresses of a site.
func TestAGateTellsThePortalItsAddresses(t *testing.T) {
	roles, err := rolepolicy.NewRoles(nil)
	if err != nil {
		t.Fatal(err)
	}
	gate := new(Gate)
	place := Place{Hosts: []string{"app.example.com"}, Addresses: []Address{{Host: "app.example.com", Port: 8080}}}
	run := &Running{Roles: roles, Sessions: cache.New(nil, cache.Options{}), Log: slog.New(slog.DiscardHandler)}
	if err := gate.settle(place, run); err != nil {
		t.Fatal(err)
	}
	if got := gate.site.Addresses; len(got) != 1 || got[0] != "http://app.example.com:8080" {
		t.Errorf("links may begin with %q", got)
	}
}
