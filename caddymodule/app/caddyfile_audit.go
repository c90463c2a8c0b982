package app

import (
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/gatehouse-auth/gatehouse/authportal/webhook"
)

// audit reads the word audit. Syntax:
//
//	audit {
//	    keep    180d
//	    webhook <url> { secret <key> [<older>...] }
//	}
func (g *global) audit(d *caddyfile.Dispenser) error {
	if d.CountRemainingArgs() > 0 {
		return d.Errf("audit takes no argument: write `audit { keep 180d }`")
	}
	a := new(Audit)
	g.app.Audit = a
	return words{
		"keep": func(d *caddyfile.Dispenser) (err error) {
			if a.Keep, err = duration(d, "keep 180d"); err != nil {
				return err
			}
			if err := a.validate(); err != nil {
				return d.WrapErr(err)
			}
			return nil
		},
		"webhook": a.webhook,
	}.block(d, "audit")
}

const webhookUsage = "webhook https://log.example.com/hook { secret {env.WEBHOOK_KEY} }"

// webhook reads the word webhook. Syntax:
//
//	webhook <url> {
//	    secret <key> [<older>...]
//	}
func (a *Audit) webhook(d *caddyfile.Dispenser) error {
	if d.CountRemainingArgs() != 1 {
		return d.Errf("webhook has %s: write `%s`", Plural(d.CountRemainingArgs(), "argument"), webhookUsage)
	}
	d.NextArg()
	w := &Webhook{URL: d.Val()}
	if !strings.Contains(w.URL, "{") { // else only the start can check it
		if _, err := webhook.CheckURL(w.URL); err != nil {
			return d.WrapErr(err)
		}
	}
	a.Webhook = w
	return words{
		"secret": func(d *caddyfile.Dispenser) (err error) {
			if w.Secret, err = args(d, 1, -1, "secret <key> [<older>...]"); err != nil {
				return err
			}
			for i, key := range w.Secret {
				if strings.Contains(key, "{") {
					continue
				}
				if _, err := webhook.ParseKey(key); err != nil {
					return d.Errf("secret %d: %v", i+1, err)
				}
			}
			return nil
		},
	}.block(d, "webhook")
}
