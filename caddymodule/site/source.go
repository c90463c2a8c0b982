package site

import (
	"fmt"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// At puts the file and line of a directive before a message.
func At(source string) string {
	if source == "" {
		return ""
	}
	return source + ": "
}

// SourceOf returns where d is, as file:line.
func SourceOf(d *caddyfile.Dispenser) string { return fmt.Sprintf("%s:%d", d.File(), d.Line()) }
