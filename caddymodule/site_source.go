package caddymodule

import (
	"fmt"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// at puts the place of a directive before a message.
func at(source string) string {
	if source == "" {
		return ""
	}
	return source + ": "
}

// source returns where d stands, as file:line.
func source(d *caddyfile.Dispenser) string { return fmt.Sprintf("%s:%d", d.File(), d.Line()) }
