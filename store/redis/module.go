package redis

import (
	"context"
	"errors"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/gatehouse-auth/gatehouse/store"
)

func init() { caddy.RegisterModule(new(Sessions)) }

// Sessions keeps sessions in Redis 6.2 or newer.
type Sessions struct {
	// Where Redis is. One of
	//
	//	redis://[user:password@]host[:port][/db]
	//	rediss://…                                  the same over TLS
	//	unix://[user:password@]/path/to/socket
	//	redis+sentinel://[user:password@]host[:port],host[:port]/<master>[/db]
	//	rediss+sentinel://…                         Sentinels and servers over TLS
	//
	// or several redis:// or rediss:// URLs, the nodes of a Cluster. Placeholders are replaced, in a user or password
	// without any need to encode what they hold; a placeholder that is unknown or empty is an error. Parameters, all
	// optional:
	//
	//	prefix=gatehouse:     what the names of all keys and channels begin with
	//	ca=<file>             PEM file of the authorities to trust instead of the system's (TLS)
	//	cert=<file> key=<file> our own certificate (TLS)
	//	server_name=<name>    name that the server's certificate must have, if not the host's (TLS)
	//	sentinel_user=, sentinel_password=   for the Sentinels themselves
	//	db=<n>                database (unix only)
	//	cluster=true          a Cluster although only one URL is given
	URLs []string `json:"urls,omitempty"`

	target *target
}

// CaddyModule returns the Caddy module information.
func (*Sessions) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "gatehouse.sessions.redis", New: func() caddy.Module { return new(Sessions) }}
}

// Provision replaces placeholders and reads the URLs. It connects to nothing.
func (d *Sessions) Provision(caddy.Context) error {
	repl := caddy.NewReplacer()
	urls := make([]string, len(d.URLs))
	for i, raw := range d.URLs {
		var err error
		if urls[i], err = expand(raw, func(s string) (string, error) { return repl.ReplaceOrErr(s, true, true) }); err != nil {
			return fmt.Errorf("sessions redis: URL %d: %w", i+1, err)
		}
	}
	var err error
	if d.target, err = parseTarget(urls); err != nil {
		return fmt.Errorf("sessions redis: %w", err)
	}
	return nil
}

// UnmarshalCaddyfile sets up the driver from tokens. Syntax:
//
//	redis <url>...
func (d *Sessions) UnmarshalCaddyfile(c *caddyfile.Dispenser) error {
	for c.Next() {
		args := c.RemainingArgs()
		if len(args) == 0 {
			return c.ArgErr()
		}
		d.URLs = append(d.URLs, args...)
		if c.NextBlock(0) {
			return c.Err("redis takes no block: everything stands in its URLs")
		}
		if err := d.check(); err != nil {
			return c.Err(err.Error())
		}
	}
	return nil
}

// check finds what is wrong with URLs already while their file and line are known. What placeholders will hold is not
// known yet, so a placeholder character stands for each.
func (d *Sessions) check() error {
	urls := make([]string, 0, len(d.URLs))
	for _, raw := range d.URLs {
		if wholePlaceholder(raw) {
			return nil
		}
		url, err := expand(raw, func(string) (string, error) { return "1", nil })
		if err != nil {
			return err
		}
		urls = append(urls, url)
	}
	_, err := parseTarget(urls)
	return err
}

// Resource names the Redis. It may hold a password.
func (d *Sessions) Resource(store.Env) string {
	if d.target == nil {
		return ""
	}
	return d.target.resource()
}

// OpenSessions connects. See Open for what is an error.
func (d *Sessions) OpenSessions(ctx context.Context, env store.Env) (store.SessionStore, error) {
	if d.target == nil {
		return nil, errors.New("sessions redis: not provisioned")
	}
	return open(ctx, d.target, env)
}

// Interface guards
var (
	_ caddy.Module          = (*Sessions)(nil)
	_ caddy.Provisioner     = (*Sessions)(nil)
	_ caddyfile.Unmarshaler = (*Sessions)(nil)
	_ store.SessionsDriver  = (*Sessions)(nil)
)
