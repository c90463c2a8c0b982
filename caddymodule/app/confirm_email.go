package app

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

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

// confirmsEmail reports whether addresses are confirmed: by default where there is mail to do it by.
func (a *App) confirmsEmail() bool {
	if a.ConfirmEmail != nil {
		return *a.ConfirmEmail
	}
	return a.Mail != nil
}

// checkConfirm checks what JSON can say wrong of it.
func (a *App) checkConfirm() error {
	switch {
	case a.Mail == nil && a.confirmsEmail():
		return errors.New("confirm_email needs mail: configure `mail`, or set it to false")
	case a.Signup == nil:
		return nil
	case a.Mail == nil && a.Signup.Mode == "invite":
		return errors.New("signup: invite needs mail, by which invitations are sent: configure `mail`, or use open or closed")
	case len(a.Signup.Domains) > 0 && !a.confirmsEmail():
		return errors.New("signup: domains need confirmed addresses: configure `mail`, and leave confirm_email on")
	}
	for _, domain := range a.Signup.Domains {
		if err := checkDomain(domain); err != nil {
			return fmt.Errorf("signup: %w", err)
		}
	}
	return nil
}

var plainDomain = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func checkDomain(s string) error {
	if !plainDomain.MatchString(s) {
		return fmt.Errorf("domain %q: write the part of addresses after the @, in lower case and ASCII, such as "+
			"example.com; it does not include sub-domains", s)
	}
	return nil
}
