package app

import "github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

func (g *global) brand(d *caddyfile.Dispenser) error {
	if d.CountRemainingArgs() > 0 {
		return d.Errf("brand takes no argument: write `brand { name \"Example\" }`")
	}
	b := new(Brand)
	g.app.Brand = b
	text := func(into *string, usage string) func(d *caddyfile.Dispenser) error {
		return func(d *caddyfile.Dispenser) (err error) {
			if *into, err = one(d, usage); err == nil && *into == "" {
				err = d.Errf("an empty value: write `%s`, or take the word out", usage)
			}
			return err
		}
	}
	return words{
		"name":      text(&b.Name, `name "Example"`),
		"logo":      text(&b.Logo, "logo <file>"),
		"templates": text(&b.Templates, "templates <folder>"),
		"locales":   text(&b.Locales, "locales <folder>"),
		"accent": func(d *caddyfile.Dispenser) (err error) {
			if b.Accent, err = one(d, `accent "#0a7"`); err != nil {
				return err
			}
			if err := checkColour(b.Accent); err != nil {
				return d.WrapErr(err)
			}
			return nil
		},
	}.block(d, "brand")
}
