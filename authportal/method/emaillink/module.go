package emaillink

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
)

func init() { caddy.RegisterModule(Module{}) }

// Module is the sign-in method `email_link` in a configuration: the module gatehouse.methods.email_link. Users sign in
// by a link or a code of six digits that is sent to the address of their account. It requires `mail`, and has no
// settings: link and code work once, within ten minutes, in the browser that requested them.
type Module struct{}

var (
	_ caddy.Module          = Module{}
	_ caddyfile.Unmarshaler = (*Module)(nil)
	_ method.Driver         = Module{}
	_ method.NeedsMail      = Module{}
)

// CaddyModule returns the Caddy module information.
func (Module) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "gatehouse.methods.email_link", New: func() caddy.Module { return new(Module) }}
}

// NeedsMail implements method.NeedsMail.
func (Module) NeedsMail() {}

// Open wires the method.
func (Module) Open(env method.Env) (method.Method, error) { return New(env) }

// UnmarshalCaddyfile reads the line. Syntax:
//
//	login email_link
func (*Module) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // "email_link"
	if d.NextArg() {
		return d.Errf("email_link takes no argument, but has %q", d.Val())
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		return d.Errf("email_link: unknown word %q; it has no settings", d.Val())
	}
	return nil
}
