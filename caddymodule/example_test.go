package caddymodule

import (
	"os"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// TestTheExampleIsFormattedAndValid holds Caddyfile.example, which the README's first command runs.
func TestTheExampleIsFormattedAndValid(t *testing.T) {
	raw, err := os.ReadFile("../Caddyfile.example")
	if err != nil {
		t.Fatal(err)
	}
	if formatted := caddyfile.Format(raw); string(formatted) != string(raw) {
		t.Errorf("caddy fmt makes of it:\n%s", formatted)
	}
	dir := t.TempDir()
	app, err := provisioned(t, dir, string(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Cleanup(); err != nil {
		t.Error(err)
	}
}
