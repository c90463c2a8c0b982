package app

import (
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func (g *global) throttle(d *caddyfile.Dispenser) error {
	if d.CountRemainingArgs() > 0 {
		return d.Errf("throttle takes no argument: write `throttle { account 10 per 15m }`")
	}
	t := new(Throttle)
	g.app.Throttle = t
	return words{
		"account": func(d *caddyfile.Dispenser) (err error) { t.Account, err = rate(d, defaultAccountGuesses); return err },
		"address": func(d *caddyfile.Dispenser) (err error) { t.Address, err = rate(d, defaultAddressGuesses); return err },
	}.block(d, "throttle")
}

func rate(d *caddyfile.Dispenser, example int) (*Rate, error) {
	word := d.Val()
	usage := word + " " + strconv.Itoa(example) + " per 15m"
	list, err := args(d, 3, 3, usage)
	if err != nil {
		return nil, err
	}
	limit, err := strconv.Atoi(list[0])
	if err != nil || limit < 1 {
		return nil, d.Errf("throttle: %s %q is no number of guesses: write `%s`", word, list[0], usage)
	}
	if list[1] != "per" {
		return nil, d.Errf("throttle: %s: expected `per`, not %q: write `%s`", word, list[1], usage)
	}
	window, err := parseSpan(list[2])
	if err != nil {
		return nil, d.Errf("throttle: %s: %v: write `%s`", word, err, usage)
	}
	r := &Rate{Limit: limit, Window: caddy.Duration(window)}
	if err := r.validate(word); err != nil {
		return nil, d.WrapErr(err)
	}
	return r, nil
}
