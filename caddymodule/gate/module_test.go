package gate

import (
	"log/slog"
	"testing"

	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
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
	place := site.Location{Hosts: []string{"app.example.com"}, Addresses: []site.Address{{Host: "app.example.com", Port: 8080}}}
	run := &app.Running{Roles: roles, Sessions: new(cache.Cache), Log: slog.New(slog.DiscardHandler)}
	if err := gate.Mount(place, run); err != nil {
		t.Fatal(err)
	}
	if got := gate.site.Addresses; len(got) != 1 || got[0] != "http://app.example.com:8080" {
		t.Errorf("links may begin with %q", got)
	}
}
