package caddymodule

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// Adapting a Caddyfile finds this with file and line; JSON comes straight to Provision.
func TestAMethodThatNeedsMailDoesNotStartWithoutIt(t *testing.T) {
	config := caddy.Config{
		Logging: &caddy.Logging{Logs: map[string]*caddy.CustomLog{"default": {BaseLog: caddy.BaseLog{Level: "PANIC"}}}},
		AppsRaw: caddy.ModuleMap{"gatehouse": json.RawMessage(`{"login":[{"method":"email_link"}],"users":{"driver":"sqlite","file":"unused.db"}}`)},
	}
	_, err := caddy.ProvisionContext(&config)
	if err == nil || !strings.Contains(err.Error(), "login email_link needs mail") {
		t.Errorf("got %v", err)
	}
}
