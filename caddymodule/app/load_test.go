package app

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	_ "github.com/caddyserver/caddy/v2/modules/filestorage"

	_ "github.com/gatehouse-auth/gatehouse/authportal/method/password"
	_ "github.com/gatehouse-auth/gatehouse/store/sql"
)

// opened provisions an app of its own configuration, in JSON, and opens its stores. DIR becomes a folder
// of the test's own.
func opened(t *testing.T, config string) (*App, *Running) {
	t.Helper()
	dir := t.TempDir()
	ctx, err := caddy.ProvisionContext(&caddy.Config{
		Logging:    &caddy.Logging{Logs: map[string]*caddy.CustomLog{"default": {BaseLog: caddy.BaseLog{Level: "PANIC"}}}},
		StorageRaw: json.RawMessage(fmt.Sprintf(`{"module":"file_system","root":%q}`, dir+"/caddy")),
		AppsRaw:    caddy.ModuleMap{"gatehouse": json.RawMessage(strings.ReplaceAll(config, "DIR", dir))},
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := ctx.App("gatehouse")
	if err != nil {
		t.Fatal(err)
	}
	a := found.(*App)
	t.Cleanup(func() {
		if err := a.Cleanup(); err != nil {
			t.Error(err)
		}
	})
	run, err := a.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return a, run
}

const justUsers = `{"users":{"driver":"sqlite","file":"DIR/users.db"}}`
