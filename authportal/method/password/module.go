package password

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
)

func init() { caddy.RegisterModule(Module{}) }

// Module is the sign-in method `password` in a configuration: the module gatehouse.methods.password. Its settings apply
// wherever a password is set or compared.
type Module struct {
	Settings
}

var (
	_ caddy.Module          = Module{}
	_ caddy.Validator       = Module{}
	_ caddyfile.Unmarshaler = (*Module)(nil)
	_ method.Driver         = Module{}
)

// CaddyModule returns the Caddy module information.
func (Module) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "gatehouse.methods.password", New: func() caddy.Module { return new(Module) }}
}

// Validate refuses settings out of bounds, and a list of breached passwords that cannot be read.
func (m Module) Validate() error {
	if _, err := m.complete(); err != nil {
		return err
	}
	return checkBreachFile(m.Breached)
}

// Open wires the method.
func (m Module) Open(env method.Env) (method.Method, error) {
	return New(m.Settings, env)
}
