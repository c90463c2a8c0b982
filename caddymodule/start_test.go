package caddymodule

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
)

// provisioned adapts and provisions a Caddyfile as `caddy validate` does, with storage and users in a folder of the test's
// own, and returns the app. DIR in the Caddyfile becomes that folder. Nothing has started.
func provisioned(t testing.TB, dir, caddyfile string) (*app.App, error) {
	t.Helper()
	raw, err := adapt(strings.ReplaceAll(caddyfile, "DIR", dir))
	if err != nil {
		t.Fatalf("adapting: %v", err)
	}
	var config caddy.Config
	if err := json.Unmarshal([]byte(raw), &config); err != nil {
		t.Fatal(err)
	}
	config.Logging = &caddy.Logging{Logs: map[string]*caddy.CustomLog{"default": {BaseLog: caddy.BaseLog{Level: "PANIC"}}}}
	ctx, err := caddy.ProvisionContext(&config)
	if err != nil {
		return nil, err
	}
	loaded, err := ctx.App("gatehouse")
	if err != nil {
		return nil, err
	}
	return loaded.(*app.App), nil
}

// prepared does what Start does, but for the mark.
func prepared(t *testing.T, dir, caddyfile string) (*app.App, *app.Running, error) {
	t.Helper()
	app, err := provisioned(t, dir, caddyfile)
	if err != nil {
		return nil, nil, err
	}
	run, err := app.Open(context.Background())
	t.Cleanup(func() {
		if err := app.Cleanup(); err != nil {
			t.Error(err)
		}
	})
	return app, run, err
}

// globals makes the global options of a test, with the lines of a gatehouse block.
func globals(lines string) string {
	return fmt.Sprintf("{\n\tadmin off\n\tstorage file_system DIR/caddy\n\tgatehouse {\n\t\tusers sqlite DIR/users.db\n\t\t%s\n\t}\n}\n",
		strings.ReplaceAll(lines, "\n", "\n\t\t"))
}

// TestFaultsAtTheStartStopItWithPlaceAndCure has one row for each.
func TestFaultsAtTheStartStopItWithPlaceAndCure(t *testing.T) {
	for name, row := range map[string]struct{ block, sites, want string }{
		"a portal without a host": {"", ":8443 {\n\ttls internal\n\tportal\n}\n",
			"Caddyfile:11: portal has no host: give its site an address with a name"},
		"a portal with several names": {"", "a.example.com, b.example.com {\n\tportal\n}\n",
			"Caddyfile:10: portal has several names (a.example.com, b.example.com): write which one signs people in, as `portal https://a.example.com`"},
		"a portal under a wildcard": {"", "*.example.com {\n\ttls internal\n\tportal\n}\n",
			"Caddyfile:11: portal has several names (*.example.com): write which one signs people in, as `portal https://auth.example.com`"},
		"two portals": {"", "a.example.com {\n\tportal\n}\nb.example.com {\n\tportal\n}\n", "has several names (a.example.com, b.example.com)"},
		"two portals on one host": {"", "a.example.com {\n\thandle /x/* {\n\t\tportal /x/*\n\t}\n\thandle {\n\t\tportal /y/*\n\t}\n}\n",
			"portal is the second one, the first is at Caddyfile:"},
		"a portal elsewhere than the global block says": {"portal https://login.example.com", "auth.example.com {\n\tportal\n}\n",
			"Caddyfile:4: portal https://login.example.com in the global block is not the address of the portal at Caddyfile:10 (auth.example.com)"},
		"a portal at another path than the global block says": {"portal https://auth.example.com/sso", "auth.example.com {\n\tportal /auth/*\n}\n",
			"is not the address of the portal at Caddyfile:10 (auth.example.com/auth)"},
		"a portal that never sees its pages": {"", "auth.example.com {\n\thandle /app/* {\n\t\tportal /auth/*\n\t}\n}\n",
			"Caddyfile:11: portal never sees its own pages at /auth/login, because of the matchers above it"},
		"a gate whose reserved paths never arrive": {"", "app.example.com {\n\thandle /api/* {\n\t\tgate\n\t}\n\thandle {\n\t\trespond ok\n\t}\n}\n",
			"Caddyfile:11: gate never sees /.gatehouse/login, because of the matchers above it, so that no one could sign in"},
		"a gate without a host beside a portal": {"portal https://auth.example.com", ":8443 {\n\ttls internal\n\tgate\n}\n",
			"Caddyfile:11: gate does not know its host, which a sign-in at https://auth.example.com must lead back to"},
		"a gate where nobody can see its site": {"", "app.example.com {\n\treverse_proxy localhost:1 {\n\t\thandle_response {\n\t\t\tgate\n\t\t}\n\t}\n}\n",
			"Caddyfile:12: gate is where its site cannot be seen: put it into the site itself"},
		"a database that cannot be opened": {"", "{{folder}}", "Caddyfile:4: opening the users store: "},
		"a logo that is not there":         {"brand {\n\tlogo DIR/none.svg\n}", "app.example.com {\n\tgate\n}\n", "Caddyfile:4: brand: "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if row.sites == "{{folder}}" {
				if err := os.Mkdir(filepath.Join(dir, "users.db"), 0o700); err != nil {
					t.Fatal(err)
				}
				row.sites = ""
			}
			_, _, err := prepared(t, dir, globals(row.block)+row.sites)
			if err == nil {
				t.Fatal("starts")
			}
			if !strings.Contains(err.Error(), row.want) {
				t.Errorf("says %q, want %q", err, row.want)
			}
		})
	}
}

// TestSecretsThatAreMissingAreNamedWithoutTheirValue covers what Provision sees.
func TestSecretsThatAreMissingAreNamedWithoutTheirValue(t *testing.T) {
	t.Setenv("GATEHOUSE_SHORT", "hunter2")
	t.Setenv("GATEHOUSE_EMPTY", "")
	for name, row := range map[string]struct{ line, want string }{
		"unset":   {"secret {env.GATEHOUSE_UNSET}", "Caddyfile:4: secret 1: evaluated placeholder {env.GATEHOUSE_UNSET} is empty"},
		"empty":   {"secret {env.GATEHOUSE_EMPTY}", "{env.GATEHOUSE_EMPTY}"},
		"unknown": {"secret {nonsense.X}", "{nonsense.X}"},
		"older":   {"secret 0123456789abcdef {env.GATEHOUSE_EMPTY}", "Caddyfile:4: secret 2: "},
		"short":   {"secret {env.GATEHOUSE_SHORT}", "secret 1 of 1 has 7 bytes, at least 16 are needed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := provisioned(t, t.TempDir(), globals(row.line)+"app.example.com {\n\tgate\n}\n")
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("says %v, want %q", err, row.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("shows the secret: %v", err)
			}
		})
	}
}

// TestADatabaseOfAnotherSecretIsRefused is the mistake of a second gateway that was given the wrong secret.
func TestADatabaseOfAnotherSecretIsRefused(t *testing.T) {
	dir := t.TempDir()
	const site = "app.example.com {\n\tgate\n}\n"
	start := func(line string) error {
		app, err := provisioned(t, dir, globals(line)+site)
		if err != nil {
			t.Fatal(err)
		}
		_, err = app.Open(context.Background())
		if err := app.Cleanup(); err != nil {
			t.Error(err)
		}
		return err
	}
	if err := start("secret first-secret-of-16-bytes"); err != nil {
		t.Fatal(err)
	}
	err := start("secret other-secret-of-16-bytes")
	if err == nil || !strings.Contains(err.Error(), "set up with another secret") || strings.Contains(err.Error(), "of-16") {
		t.Errorf("with another secret: %v", err)
	}
	if err := start(""); err == nil || !strings.Contains(err.Error(), "restore Caddy's storage") {
		t.Errorf("with none: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "caddy", "gatehouse/secret")); err == nil {
		t.Error("a secret that fits nothing was kept")
	}
	if err := start("secret other-secret-of-16-bytes first-secret-of-16-bytes"); err != nil {
		t.Errorf("with the old one behind the new one: %v", err)
	}
}

// TestASecretIsMadeOnceAndKept without any configuration of it.
func TestASecretIsMadeOnceAndKept(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "caddy", "gatehouse/secret")
	var first []byte
	for range 2 {
		app, _, err := prepared(t, dir, globals("")+"app.example.com {\n\tgate\n}\n")
		if err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile(file)
		if err != nil || len(kept) < 40 {
			t.Fatalf("kept %q: %v", kept, err)
		}
		if first != nil && string(kept) != string(first) {
			t.Error("the second start made another one")
		}
		first = kept
		if err := app.Cleanup(); err != nil {
			t.Error(err)
		}
	}
}

// TestValidateTouchesNothing provisions and cleans up, as `caddy validate` does.
func TestValidateTouchesNothing(t *testing.T) {
	dir := t.TempDir()
	app, err := provisioned(t, dir, globals("")+"app.example.com {\n\tgate\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Cleanup(); err != nil {
		t.Error(err)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*.db*")); len(files) > 0 {
		t.Errorf("made %v", files)
	}
	if _, err := os.Stat(filepath.Join(dir, "caddy", "gatehouse/secret")); err == nil {
		t.Error("made a secret")
	}
}

// TestAReloadSharesTheOpenedStores starts a second configuration before the first ends, and fails a third.
func TestAReloadSharesTheOpenedStores(t *testing.T) {
	dir := t.TempDir()
	const site = "app.example.com {\n\tgate\n}\n"
	first, before, err := prepared(t, dir, globals("")+site)
	if err != nil {
		t.Fatal(err)
	}
	_, after, err := prepared(t, dir, globals("signup open")+site)
	if err != nil {
		t.Fatal(err)
	}
	if before.Sessions != after.Sessions || before.Users != after.Users {
		t.Error("the second configuration opened stores of its own")
	}
	if _, _, err := prepared(t, dir, globals("")+":8443 {\n\ttls internal\n\tportal\n}\n"); err == nil {
		t.Fatal("the faulty configuration starts")
	}
	if err := first.Cleanup(); err != nil {
		t.Error(err)
	}
	if err := after.Users.Ping(t.Context()); err != nil {
		t.Errorf("the stores of the configuration in force were closed: %v", err)
	}
}
