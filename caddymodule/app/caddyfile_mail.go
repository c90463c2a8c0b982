package app

import (
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/gatehouse-auth/gatehouse/authportal/mail"
)

// mail reads the word mail. Syntax:
//
//	mail smtp://user:password@host:587 {
//	    from "Example <auth@example.com>"
//	    tls  required|off
//	}
func (g *global) mail(d *caddyfile.Dispenser) error {
	const usage = `mail smtp://user:password@mail.example.com:587 { from "Example <auth@example.com>" }`
	if d.CountRemainingArgs() != 1 {
		return d.Errf("mail has %s: write `%s`", Plural(d.CountRemainingArgs(), "argument"), usage)
	}
	d.NextArg()
	word := caddyfile.NewDispenser([]caddyfile.Token{d.Token()}) // for what the whole block says
	word.Next()
	m := &Mail{Server: d.Val()}
	if m.Server == "" {
		return d.Errf("mail: the address is empty: write `%s`", usage)
	}
	err := words{
		"from": func(d *caddyfile.Dispenser) (err error) {
			m.From, err = one(d, `from "Example <auth@example.com>"`)
			return err
		},
		"tls": func(d *caddyfile.Dispenser) (err error) {
			if m.TLS, err = one(d, "tls required` or `tls off"); err == nil && m.TLS != string(mail.Required) &&
				m.TLS != string(mail.Off) {
				err = d.Errf("tls %q: write `tls required` or `tls off`, or take it out to use TLS when it is offered", m.TLS)
			}
			return err
		},
	}.block(d, "mail")
	if err != nil {
		return err
	}
	if m.From == "" {
		return word.Errf("mail has no sender: write `%s`", usage)
	}
	if !strings.Contains(m.Server+m.From, "{") { // else only the start can check it
		if _, err := mail.NewSMTP(m.Server, m.From, mail.Encryption(m.TLS)); err != nil {
			return word.Errf("mail: %v", err)
		}
	}
	g.app.Mail = m
	return nil
}
