package app

import "github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

// need is a word that cannot work alone; what it needs may come further down.
type need struct {
	at   caddyfile.Token
	what string
}

// checkNeeds reports words whose need is not met, at their own file and line.
func (g *global) checkNeeds() error {
	const cure = "; add `mail smtp://user:password@mail.example.com:587 { from \"Example <auth@example.com>\" }`, or " +
		"take it out"
	if g.app.Mail == nil {
		for _, n := range append(g.needsMail, g.needsConfirm...) {
			return n.errorf("%s%s", n.what, cure)
		}
	}
	if !g.app.confirmsEmail() {
		for _, n := range g.needsConfirm {
			return n.errorf("%s; take `confirm_email off` out, or this word", n.what)
		}
	}
	return nil
}

func (n need) errorf(format string, args ...any) error {
	d := caddyfile.NewDispenser([]caddyfile.Token{n.at})
	d.Next()
	return d.Errf(format, args...)
}
