package app

import (
	"errors"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/gatehouse-auth/gatehouse/authportal"
)

// Audit says what is kept of who did what.
type Audit struct {
	// How long events are kept, from 1d. Default: 180d.
	Keep caddy.Duration `json:"keep,omitempty"`

	// A server that is sent every event as it happens. Default: none.
	Webhook *Webhook `json:"webhook,omitempty"`
}

func (a *Audit) keep() time.Duration {
	if a == nil {
		return authportal.DefaultAuditKeep
	}
	return or(a.Keep, authportal.DefaultAuditKeep)
}

func (a *Audit) validate() error {
	if k := a.keep(); k < 24*time.Hour {
		return errors.New("audit: keep must be one day at least: write `keep 180d`")
	}
	return nil
}

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
