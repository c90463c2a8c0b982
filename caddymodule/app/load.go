package app

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// Load provisions the configuration in a file without starting anything, and keeps it from writing to its logs.
// adapter is the name of a config adapter; empty: a Caddyfile, or JSON where the file's name says so. The caller ends
// it with Cleanup.
func Load(file, adapter string) (*App, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	if adapter == "" && !strings.HasSuffix(file, ".json") {
		adapter = "caddyfile"
	}
	if adapter != "" {
		a := caddyconfig.GetAdapter(adapter)
		if a == nil {
			return nil, fmt.Errorf("there is no config adapter %q", adapter)
		}
		if raw, _, err = a.Adapt(raw, map[string]any{"filename": file}); err != nil {
			return nil, fmt.Errorf("adapting %s: %w", file, err)
		}
	}
	var config caddy.Config
	if err := json.Unmarshal(caddy.RemoveMetaFields(raw), &config); err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	config.Logging = &caddy.Logging{Logs: map[string]*caddy.CustomLog{"default": {BaseLog: caddy.BaseLog{Level: "ERROR"}}}}
	ctx, err := caddy.ProvisionContext(&config)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", file, err)
	}
	app, err := ctx.App("gatehouse")
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", file, err)
	}
	return app.(*App), nil
}

// Open opens the stores of a configuration that does not start, for the command line.
func (a *App) Open(ctx context.Context) (*Running, error) {
	run, err := a.prepare(ctx)
	if err != nil {
		return nil, err
	}
	return run, a.configureAudit(run)
}
