package caddymodule

import (
	"fmt"

	"github.com/caddyserver/caddy/v2"
)

// expandSecrets replaces placeholders. The results stay in an unexported field, because events and debug logs print
// modules.
func (a *App) expandSecrets() error {
	repl := caddy.NewReplacer()
	for i, raw := range a.Secret {
		value, err := repl.ReplaceOrErr(raw, true, true)
		if err != nil {
			return fmt.Errorf("%ssecret %d: %w: set what the placeholder names, or write another secret", at(a.Source), i+1, err)
		}
		a.secrets = append(a.secrets, value)
	}
	return nil
}
