package app

import (
	"encoding/json"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
)

// isProvider reports whether the method of that name has the settings that all providers have.
func isProvider(name string) bool {
	info, err := caddy.GetModule("gatehouse.methods." + name)
	if err != nil {
		return false
	}
	_, ok := info.New().(method.Provider)
	return ok
}

// provider reads a method whose settings are partly those of all providers. These are read here, so that no method
// reads them again; what is left is the method's own grammar.
func provider(d *caddyfile.Dispenser, usage string) (json.RawMessage, error) {
	own, common, err := splitProvider(d)
	if err != nil {
		return nil, err
	}
	d = caddyfile.NewDispenser(own)
	d.Next()
	raw, err := readPlugin(d, "gatehouse.methods", "method", usage)
	if err != nil {
		return nil, err
	}
	return mergeJSON(raw, common)
}

// splitProvider takes the words of all providers out of a segment. The tokens that stay keep their file and line.
func splitProvider(d *caddyfile.Dispenser) (own []caddyfile.Token, o method.ProviderOptions, err error) {
	read := providerWords(&o)
	own = append(own, d.Token())
	for d.NextArg() {
		own = append(own, d.Token())
	}
	first, open := map[string]int{}, false
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if !open {
			own, open = append(own, brace(own[len(own)-1], "{")), true
		}
		word := d.Val()
		reads, common := read[word]
		if !common {
			own = append(own, d.NextSegment()...)
			continue
		}
		if line, twice := first[word]; twice {
			return nil, o, d.Errf("%s stands twice in %s: it is on line %d already; keep one", word, own[0].Text, line)
		}
		first[word] = d.Line()
		if err := reads(d); err != nil {
			return nil, o, err
		}
	}
	if open {
		end := brace(d.Token(), "}")
		end.Line = max(end.Line, own[len(own)-1].Line+1)
		own = append(own, end)
	}
	return own, o, nil
}

func brace(at caddyfile.Token, text string) caddyfile.Token {
	at.Text = text
	return at
}

// providerWords are the words that every provider takes. Syntax, in the block of a `login` line:
//
//	label     <text>
//	signup    on|off
//	domain    <e-mail domain>...
//	role      <role>...
//	home      <e-mail domain>...
//	refresh   <duration>
//	trust_mfa
func providerWords(o *method.ProviderOptions) words {
	list := func(dst *[]string, usage string) func(*caddyfile.Dispenser) error {
		return func(d *caddyfile.Dispenser) (err error) {
			*dst, err = args(d, 1, -1, usage)
			return err
		}
	}
	return words{
		"label": func(d *caddyfile.Dispenser) (err error) {
			o.Label, err = one(d, `label "Company account"`)
			return err
		},
		"signup": func(d *caddyfile.Dispenser) (err error) {
			if o.SignUp, err = one(d, "signup on|off"); err == nil && o.SignUp != "on" && o.SignUp != "off" {
				err = d.Errf("signup is on or off, not %q: write `signup on|off`", o.SignUp)
			}
			return err
		},
		"domain": list(&o.Domains, "domain example.com"),
		"role":   list(&o.Roles, "role member"),
		"home":   list(&o.Home, "home example.com"),
		"refresh": func(d *caddyfile.Dispenser) error {
			v, err := duration(d, "refresh 15m")
			o.Refresh = method.Duration(v)
			return err
		},
		"trust_mfa": func(d *caddyfile.Dispenser) error { o.TrustMFA = true; return none(d) },
	}
}

// mergeJSON adds the settings of all providers to the JSON of a method.
func mergeJSON(raw json.RawMessage, o method.ProviderOptions) (json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, fmt.Errorf("the settings of a method: %w", err)
	}
	common, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(common, &members); err != nil { // over what is there
		return nil, err
	}
	return json.Marshal(members)
}
