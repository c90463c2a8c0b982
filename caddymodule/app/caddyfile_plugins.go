package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
)

// login is one `login` line, or what stands for it.
type login struct {
	method string
	name   string
	raw    json.RawMessage
}

// laterMethods are those of the documentation that this version has not.
var laterMethods = []string{"passkey", "google", "microsoft", "facebook", "github", "apple", "oidc", "oauth2",
	"saml", "ldap", "kerberos", "certificate"}

// readPlugin reads the module that d stands on, with its own grammar, and returns its JSON with its name under key.
func readPlugin(d *caddyfile.Dispenser, namespace, key, usage string) (json.RawMessage, error) {
	name := d.Val()
	module, err := caddyfile.UnmarshalModule(d, namespace+"."+name)
	if err != nil {
		return nil, fmt.Errorf("%w: write `%s`", err, usage)
	}
	return caddyconfig.JSONModuleObject(module, key, name, nil), nil
}

// known names the modules of a namespace, for a message.
func known(namespace string) []string {
	var names []string
	for _, info := range caddy.GetModules(namespace) {
		names = append(names, info.ID.Name())
	}
	slices.Sort(names)
	return names
}

func (g *global) users(d *caddyfile.Dispenser) (err error) {
	const usage = "users sqlite [<file>]` or `users postgres <dsn>"
	if !d.NextArg() {
		return d.Errf("users names no store: write `%s`", usage)
	}
	if !slices.Contains(known("gatehouse.users"), d.Val()) {
		return d.Errf("unknown users store %q: write `%s`", d.Val(), usage)
	}
	g.app.UsersRaw, err = readPlugin(d, "gatehouse.users", "driver", usage)
	return err
}

func (g *global) sessions(d *caddyfile.Dispenser) (err error) {
	const usage = "sessions embedded` or `sessions redis <url>..."
	if !d.NextArg() {
		return d.Errf("sessions names no store: write `%s`", usage)
	}
	if d.Val() == "embedded" {
		_, err := args(d, 0, 0, "sessions embedded")
		return err
	}
	if !slices.Contains(known("gatehouse.sessions"), d.Val()) {
		return d.Errf("unknown session store %q: write `%s`", d.Val(), usage)
	}
	g.app.SessionsRaw, err = readPlugin(d, "gatehouse.sessions", "driver", usage)
	return err
}

func (g *global) login(d *caddyfile.Dispenser) error {
	if !d.NextArg() {
		return d.Err("login names no method: write `login password`")
	}
	l := login{method: d.Val()}
	if methods := known("gatehouse.methods"); !slices.Contains(methods, l.method) {
		if slices.Contains(laterMethods, l.method) {
			return d.Errf("login %s is not available in this version: use %s", l.method, strings.Join(methods, ", "))
		}
		return d.Errf("unknown method %q of signing in: use %s", l.method, strings.Join(methods, ", "))
	}
	l.name = l.method
	if next := peekArgs(d); len(next) > 0 {
		l.name = next[0]
	}
	for _, other := range g.logins {
		if other.name == l.name {
			return d.Errf("login %s stands twice: keep one, or give each its own name", l.name)
		}
	}
	if methodNeedsMail(l.method) {
		g.needsMail = append(g.needsMail, need{d.Token(), "login " + l.method + " needs mail, by which its links are sent"})
	}
	var err error
	if isProvider(l.method) {
		l.raw, err = provider(d, "login "+l.method)
	} else {
		l.raw, err = readPlugin(d, "gatehouse.methods", "method", "login "+l.method)
	}
	if err != nil {
		return err
	}
	g.logins = append(g.logins, l)
	return nil
}

// methodNeedsMail reports whether the method of that name is nothing without `mail`.
func methodNeedsMail(name string) bool {
	info, err := caddy.GetModule("gatehouse.methods." + name)
	if err != nil {
		return false
	}
	_, needs := info.New().(method.NeedsMail)
	return needs
}

// peekArgs returns the arguments that follow on the line, and leaves d where it was.
func peekArgs(d *caddyfile.Dispenser) []string {
	next := *d
	return next.RemainingArgs()
}

// passwordSettings reads `password { ... }`, whose grammar is the method's own.
func (g *global) passwordSettings(d *caddyfile.Dispenser) (err error) {
	at := caddyfile.NewDispenser([]caddyfile.Token{d.Token()})
	at.Next()
	if d.CountRemainingArgs() > 0 {
		return d.Errf("password takes no argument: write `password { ... }`")
	}
	g.password = &passwordBlock{at: at}
	g.password.raw, err = readPlugin(d, "gatehouse.methods", "method", "password { min_length 8 }")
	return err
}

// finish puts together what several words say of one thing.
func (g *global) finish() error {
	if err := g.mergePassword(); err != nil {
		return err
	}
	if err := g.checkNeeds(); err != nil {
		return err
	}
	for _, l := range g.logins {
		g.app.LoginRaw = append(g.app.LoginRaw, l.raw)
	}
	return nil
}

// mergePassword gives the settings of `password { ... }` to the method `login password`, or to the default.
func (g *global) mergePassword() error {
	if g.password == nil {
		return nil
	}
	if len(g.logins) == 0 {
		g.logins = []login{{method: "password", name: "password", raw: g.password.raw}}
		return nil
	}
	i := slices.IndexFunc(g.logins, func(l login) bool { return l.method == "password" })
	if i < 0 {
		return g.password.at.Err("password is set, but nobody signs in by it: add `login password` or take the block out")
	}
	if !bytes.Equal(g.logins[i].raw, json.RawMessage(`{"method":"password"}`)) {
		return g.password.at.Err("password is set here and at `login password`: keep one of the two")
	}
	g.logins[i].raw = g.password.raw
	return nil
}
