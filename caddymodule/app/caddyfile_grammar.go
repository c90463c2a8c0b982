package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// words maps each word of a block to what reads its line. A word may appear once, unless its name in the map ends with
// "...".
type words map[string]func(d *caddyfile.Dispenser) error

// block reads the block that opens on this line, if one does. Every word that the map does not have, and every second
// one of its kind, is an error with file and line: nothing of a security gateway's configuration is skipped silently.
func (w words) block(d *caddyfile.Dispenser, of string) error {
	first := make(map[string]int)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		word := d.Val()
		read, ok := w[word]
		if !ok {
			if read, ok = w[word+"..."]; !ok {
				return d.Errf("unknown word %q in %s: it takes %s", word, of, w.list(of))
			}
		} else if line, twice := first[word]; twice {
			return d.Errf("%s appears twice in %s: it is on line %d already; keep one", word, of, line)
		}
		first[word] = d.Line()
		if err := read(d); err != nil {
			return err
		}
	}
	return nil
}

// laterWords are known, so that they are refused with a reason, but not offered.
var laterWords = []string{"mfa", "impersonate", "bearer", "from"}

// list names the words that may be written, for a message.
func (w words) list(of string) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(w)) {
		if of == "mail" || !slices.Contains(laterWords, name) { // whose `from` is not that of a role
			names = append(names, strings.TrimSuffix(name, "..."))
		}
	}
	return strings.Join(names, ", ")
}

// args returns the arguments of the word that d is on, which must be min to max in number and open no block. max < 0
// means any number. usage is what should have been written.
func args(d *caddyfile.Dispenser, least, most int, usage string) ([]string, error) {
	word := d.Val()
	list := d.RemainingArgs()
	if len(list) < least || (most >= 0 && len(list) > most) {
		return nil, d.Errf("%s has %s: write `%s`", word, Plural(len(list), "argument"), usage)
	}
	if d.NextBlock(d.Nesting()) {
		return nil, d.Errf("%s opens no block: write `%s`", word, usage)
	}
	return list, nil
}

// Plural returns a number with what is counted: "no event", "one event", "2 events".
func Plural(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// none reads a word that takes nothing.
func none(d *caddyfile.Dispenser) error {
	_, err := args(d, 0, 0, d.Val())
	return err
}

// one reads a word with one argument.
func one(d *caddyfile.Dispenser, usage string) (string, error) {
	list, err := args(d, 1, 1, usage)
	if err != nil {
		return "", err
	}
	return list[0], nil
}

// duration reads a word with one duration, which must be positive.
func duration(d *caddyfile.Dispenser, usage string) (caddy.Duration, error) {
	word := d.Val()
	s, err := one(d, usage)
	if err != nil {
		return 0, err
	}
	span, err := parseSpan(s)
	if err != nil {
		return 0, d.Errf("%s: %v: write `%s`", word, err, usage)
	}
	return caddy.Duration(span), nil
}

// maxSpan bounds every duration of the configuration: longer ones are slips, and sums of them must not overflow.
const maxSpan = 10 * 365 * 24 * time.Hour

func parseSpan(s string) (time.Duration, error) {
	span, err := caddy.ParseDuration(s)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no duration such as 30s, 15m, 12h or 30d", s)
	case span <= 0:
		return 0, fmt.Errorf("%q is not a positive duration", s)
	case span > maxSpan:
		return 0, fmt.Errorf("%q is longer than ten years", s)
	}
	return span, nil
}

// later refuses a word that the documentation of later versions has. Skipping it would leave an operator believing
// that it guards them.
func later(d *caddyfile.Dispenser) error {
	return d.Errf("%s is not available in this version: take it out, or use a version that has it", d.Val())
}
