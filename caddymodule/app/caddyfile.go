package app

import (
	"encoding/json"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
)

func init() {
	httpcaddyfile.RegisterGlobalOption("gatehouse", parseGlobal)
	// Both come before a directive of Caddy's own, the later one next to it: portal, gate, basic_auth.
	httpcaddyfile.RegisterDirectiveOrder("portal", httpcaddyfile.Before, "basic_auth")
	httpcaddyfile.RegisterDirectiveOrder("gate", httpcaddyfile.Before, "basic_auth")
}

// parseGlobal reads the global block. Syntax:
//
//	gatehouse {
//	    users    sqlite [<file>] | postgres <dsn>
//	    sessions embedded | redis <url>...
//	    portal   <url>
//	    secret   <key> [<older>...]
//	    session  { idle <duration>; lifetime <duration>; remember <duration>|off }
//	    signup   open|approval|invite|closed { domain <domain>...; role <role>...; field <name> [required] }
//	    confirm_email on|off
//	    mail     <url> { from <address>; tls required|off }
//	    password { ... }                  see method/password
//	    login    <method> [<name>] { ... }
//	    role     <role> { includes <role>... }
//	    throttle { account <n> per <duration>; address <n> per <duration> }
//	    brand    { name <text>; logo <file>; accent <colour>; templates <dir>; locales <dir> }
//	    audit    { keep <duration>; webhook <url> { secret <key> [<older>...] } }
//	    allow_http
//	}
//
// docs/caddyfile.md explains every word.
func parseGlobal(d *caddyfile.Dispenser, earlier any) (any, error) {
	d.Next() // the name of the block
	if earlier != nil {
		// Caddy would let the second block silently take the place of the first.
		return nil, d.Err("a second gatehouse block: put everything into the first one")
	}
	if d.CountRemainingArgs() > 0 {
		return nil, d.Errf("gatehouse takes no argument: write `gatehouse { ... }`")
	}
	g := &global{app: App{Source: site.SourceOf(d)}}
	if err := g.words().block(d, "gatehouse"); err != nil {
		return nil, err
	}
	if err := g.finish(); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "gatehouse", Value: caddyconfig.JSON(&g.app, nil)}, nil
}

// global is the block while it is being read.
type global struct {
	app      App
	logins   []login
	password *passwordBlock

	needsMail    []need // words that need `mail`, wherever it is
	needsConfirm []need // words that need addresses to be confirmed
}

// passwordBlock is the word `password` with its block: settings of the method of that name.
type passwordBlock struct {
	raw json.RawMessage
	at  *caddyfile.Dispenser // on the word, for messages that come later
}

func (g *global) words() words {
	return words{
		"users":         g.users,
		"sessions":      g.sessions,
		"portal":        g.portal,
		"secret":        g.secret,
		"session":       g.session,
		"signup":        g.signup,
		"confirm_email": g.confirmEmail,
		"password":      g.passwordSettings,
		"login...":      g.login,
		"role...":       g.role,
		"throttle":      g.throttle,
		"brand":         g.brand,
		"audit":         g.audit,
		"mail":          g.mail,
		"allow_http":    func(d *caddyfile.Dispenser) error { g.app.AllowHTTP = true; return none(d) },
		"mfa":           later,
		"impersonate":   later,
		"bearer":        later,
	}
}

func (g *global) portal(d *caddyfile.Dispenser) error {
	raw, err := one(d, "portal https://auth.example.com")
	if err != nil {
		return err
	}
	g.app.Portal, err = portalAddress(raw)
	if err != nil {
		return d.WrapErr(err)
	}
	return nil
}

func (g *global) secret(d *caddyfile.Dispenser) error {
	list, err := args(d, 1, -1, "secret <key> [<older>...]")
	if err != nil {
		return err
	}
	for i, s := range list {
		if s == "" {
			return d.Errf("secret %d is empty: write {env.NAME} or {file./run/secrets/name}, or leave the word out to have a "+
				"secret made", i+1)
		}
	}
	g.app.Secret = list
	return nil
}

func (g *global) session(d *caddyfile.Dispenser) error {
	if d.CountRemainingArgs() > 0 {
		return d.Errf("session takes no argument: write `session { idle 30m }`")
	}
	s := new(SessionLimits)
	err := words{
		"idle": func(d *caddyfile.Dispenser) (err error) {
			s.Idle, err = duration(d, "idle 30m")
			return err
		},
		"lifetime": func(d *caddyfile.Dispenser) (err error) {
			s.Lifetime, err = duration(d, "lifetime 12h")
			return err
		},
		"remember": func(d *caddyfile.Dispenser) (err error) {
			const usage = "remember 30d` or `remember off"
			value, err := one(d, usage)
			if err != nil {
				return err
			}
			if value == "off" {
				s.Remember = -1
				return nil
			}
			span, err := parseSpan(value)
			if err != nil {
				return d.Errf("remember: %v: write `%s`", err, usage)
			}
			s.Remember = caddy.Duration(span)
			return nil
		},
	}.block(d, "session")
	if err != nil {
		return err
	}
	if err := s.validate(); err != nil {
		return d.WrapErr(err)
	}
	g.app.Session = s
	return nil
}

func (g *global) confirmEmail(d *caddyfile.Dispenser) error {
	value, err := one(d, "confirm_email on` or `confirm_email off")
	if err != nil {
		return err
	}
	if value != "on" && value != "off" {
		return d.Errf("confirm_email %q: write `confirm_email on` or `confirm_email off`", value)
	}
	on := value == "on"
	g.app.ConfirmEmail = &on
	if on {
		g.needsMail = append(g.needsMail, need{d.Token(), "confirm_email on needs mail"})
	}
	return nil
}

func (g *global) role(d *caddyfile.Dispenser) error {
	const usage = "role <role> { includes <role>... }"
	if d.CountRemainingArgs() != 1 {
		return d.Errf("role has %s: write `%s`", Plural(d.CountRemainingArgs(), "argument"), usage)
	}
	d.NextArg()
	name := d.Val()
	if err := rolepolicy.CheckRoleName(name); err != nil {
		return d.WrapErr(err)
	}
	if _, twice := g.app.Roles[name]; twice {
		return d.Errf("role %s appears twice: put what it includes into one block", name)
	}
	if g.app.Roles == nil {
		g.app.Roles = make(map[string]Role)
	}
	var role Role
	err := words{
		"includes": func(d *caddyfile.Dispenser) (err error) {
			if role.Includes, err = args(d, 1, -1, "includes <role>..."); err != nil {
				return err
			}
			g.app.Roles[name] = role
			if err := g.app.checkRoles(); err != nil {
				return d.WrapErr(err)
			}
			if err := g.app.checkSignupRoles(); err != nil {
				return d.WrapErr(err)
			}
			return nil
		},
		"from": func(d *caddyfile.Dispenser) error {
			return d.Errf("role %s takes groups `from` elsewhere, but nothing that is configured supplies groups: take "+
				"`from` out", name)
		},
	}.block(d, "role "+name)
	if err == nil && role.Includes == nil {
		return d.Errf("role %s says nothing: write `%s`, or take it out, because roles need not be listed", name, usage)
	}
	return err
}

// Interface guard
var _ caddy.Module = (*App)(nil)
