package caddymodule

import (
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/rolepolicy"
)

func init() {
	httpcaddyfile.RegisterDirective("gate", parseGate)
}

// parseGate reads the directive `gate`. It is no handler directive, because its matcher must stay inside the handler: a
// request outside it is still freed of identity headers, and the reserved paths are still answered. Syntax:
//
//	gate [<matcher>] [<who>...] {
//		public   <path>...
//		optional <path>...
//		allow    <who>... [<path>...] {
//			method <method>...
//			from   <address>...
//			mfa
//			fresh  <duration>
//		}
//		deny     [<path>...]
//		headers  <preset>... {
//			separator <text>
//			encode    utf8|percent|mime
//		}
//		header     <name> <value>
//		jwt        [<name>]
//		login_page <path>
//		basic
//		cors       <origin>...
//		hosts      <host>...
//	}
func parseGate(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	if !h.Next() {
		return nil, h.ArgErr()
	}
	g := &Gate{Source: source(h.Dispenser)}
	matcher, err := h.ExtractMatcherSet()
	if err != nil {
		return nil, err
	}
	if matcher != nil {
		g.MatcherSetsRaw = caddyhttp.RawMatcherSets{matcher}
	}
	h.Next() // the directive's name, once more: ExtractMatcherSet starts over
	if err := g.parse(h.Dispenser); err != nil {
		return nil, err
	}
	return h.NewRoute(nil, g), nil
}

func (g *Gate) parse(d *caddyfile.Dispenser) error {
	short := d.RemainingArgs()
	for _, who := range short {
		if err := rolepolicy.CheckWho(who); err != nil {
			return d.WrapErr(err)
		}
	}
	p := gateParser{Dispenser: d, gate: g, seen: map[string]string{}}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if err := p.line(); err != nil {
			return err
		}
	}
	switch {
	case len(short) > 0 && len(g.Rules) > 0:
		return d.Errf("gate %s { ... } says twice who may enter: write `allow %s` as a line of the block", strings.Join(short, " "), strings.Join(short, " "))
	case len(short) > 0:
		g.Rules = []GateRule{{Kind: "allow", Who: short, Source: g.Source}}
	}
	return nil
}

// Values that the grammar knows.
const (
	minFresh         = 10 * time.Second // less than a sign-in takes would lead round in circles
	defaultJWTHeader = "X-Gatehouse-Jwt"
)

// gateParser reads the lines of one gate block.
type gateParser struct {
	*caddyfile.Dispenser
	gate *Gate
	seen map[string]string // words that may stand once, and where they did
}

func (p *gateParser) line() error {
	word := p.Val()
	switch word {
	case "public", "optional", "deny", "allow":
		return p.rule(word)
	case "header":
		return p.header()
	}
	if before, twice := p.seen[word]; twice {
		return p.Errf("%s stands twice in this gate, at %s first: keep one", word, before)
	}
	p.seen[word] = source(p.Dispenser)
	switch word {
	case "headers":
		return p.headers()
	case "jwt":
		return p.jwt()
	case "login_page":
		return p.one(&p.gate.LoginPage, checkLoginPage)
	case "basic":
		p.gate.Basic = true
		return p.nothingMore("basic")
	case "cors":
		return p.list(&p.gate.CORS, checkOrigin)
	case "hosts":
		return p.list(&p.gate.Hosts, checkHost)
	}
	return p.Errf("unknown word %q in gate: use public, optional, allow, deny, headers, header, jwt, login_page, basic, cors or hosts", word)
}

// rule reads one line of who may enter where.
func (p *gateParser) rule(kind string) error {
	rule := GateRule{Kind: kind, Source: source(p.Dispenser)}
	for _, arg := range p.RemainingArgs() {
		switch {
		case strings.HasPrefix(arg, "/"):
			if err := rolepolicy.CheckPath(arg); err != nil {
				return p.WrapErr(err)
			}
			rule.Paths = append(rule.Paths, arg)
		case kind != "allow":
			return p.Errf("%s %s: only `allow` says who; %s takes paths, which begin with /", kind, arg, kind)
		case len(rule.Paths) > 0:
			return p.Errf("%s stands after a path: write who may enter first, then the paths", arg)
		default:
			if err := rolepolicy.CheckWho(arg); err != nil {
				return p.WrapErr(err)
			}
			rule.Who = append(rule.Who, arg)
		}
	}
	switch {
	case kind == "allow" && len(rule.Who) == 0:
		return p.Err("allow says nobody: write who may enter, such as `allow user` or `allow role:admin /admin/*`")
	case (kind == "public" || kind == "optional") && len(rule.Paths) == 0 && len(p.gate.Rules) > 0:
		return p.Errf("%s without a path covers every path, yet rules stand before it: name its paths, such as `%s /assets/*`", kind, kind)
	}
	for nesting := p.Nesting(); p.NextBlock(nesting); {
		if err := p.condition(&rule); err != nil {
			return err
		}
	}
	p.gate.Rules = append(p.gate.Rules, rule)
	return nil
}

// condition reads one line of a rule's own block.
func (p *gateParser) condition(rule *GateRule) error {
	switch word := p.Val(); word {
	case "method":
		if rule.Methods != nil {
			return p.Err("method stands twice in this rule: name all methods on one line")
		}
		return p.list(&rule.Methods, checkMethod)
	case "from":
		if rule.From != nil {
			return p.Err("from stands twice in this rule: name all networks on one line")
		}
		return p.list(&rule.From, func(text string) error { _, err := parsePrefixes([]string{text}); return err })
	case "mfa":
		if rule.Kind != "allow" {
			return p.Errf("mfa is a demand on people: it goes with allow, not with %s", rule.Kind)
		}
		if rule.MFA {
			return p.Err("mfa stands twice in this rule: keep one")
		}
		rule.MFA = true
		return p.nothingMore(word)
	case "fresh":
		if rule.Kind != "allow" {
			return p.Errf("fresh is a demand on people: it goes with allow, not with %s", rule.Kind)
		}
		if rule.Fresh != 0 {
			return p.Err("fresh stands twice in this rule: keep one")
		}
		var text string
		if err := p.one(&text, nil); err != nil {
			return err
		}
		age, err := caddy.ParseDuration(text)
		if err != nil || age < minFresh {
			return p.Errf("fresh %s: write how old a sign-in may be, such as 10m, at least %s", text, minFresh)
		}
		rule.Fresh = caddy.Duration(age)
	default:
		return p.Errf("unknown word %q in a rule: use method, from, mfa or fresh", word)
	}
	return nil
}

func (p *gateParser) headers() error {
	if err := p.list(&p.gate.Headers, checkPreset); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, preset := range p.gate.Headers {
		if seen[preset] || (preset == "none" && len(p.gate.Headers) > 1) {
			return p.Errf("headers %s: name each family once, and none alone", strings.Join(p.gate.Headers, " "))
		}
		seen[preset] = true
	}
	for nesting := p.Nesting(); p.NextBlock(nesting); {
		var err error
		switch word := p.Val(); word {
		case "separator":
			if p.gate.Separator != "" {
				return p.Err("separator stands twice: keep one")
			}
			err = p.one(&p.gate.Separator, checkSeparator)
		case "encode":
			if p.gate.Encode != "" {
				return p.Err("encode stands twice: keep one")
			}
			err = p.one((*string)(&p.gate.Encode), checkEncoding)
		default:
			err = p.Errf("unknown word %q in headers: use separator or encode", word)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *gateParser) header() error {
	args := p.RemainingArgs()
	if len(args) != 2 {
		return p.Err("header takes a name and a value, such as `header X-Plan {http.auth.user.attributes.plan}`")
	}
	if err := checkHeaderName(args[0]); err != nil {
		return p.WrapErr(err)
	}
	for _, h := range p.gate.Extra {
		if strings.EqualFold(h.Name, args[0]) {
			return p.Errf("header %s stands twice in this gate: keep one", args[0])
		}
	}
	p.gate.Extra = append(p.gate.Extra, ExtraHeader{Name: args[0], Value: args[1]})
	return nil
}

func (p *gateParser) jwt() error {
	p.gate.JWT = defaultJWTHeader
	if args := p.RemainingArgs(); len(args) == 1 {
		p.gate.JWT = args[0]
	} else if len(args) > 1 {
		return p.Err("jwt takes one header name at most")
	}
	if err := checkHeaderName(p.gate.JWT); err != nil {
		return p.WrapErr(err)
	}
	return nil
}

// one reads a single argument.
func (p *gateParser) one(into *string, check func(string) error) error {
	word, args := p.Val(), p.RemainingArgs()
	if len(args) != 1 {
		return p.Errf("%s takes one value, not %d", word, len(args))
	}
	if args[0] == "" {
		return p.Errf("%s is empty: write a value or leave the line out", word)
	}
	if check != nil {
		if err := check(args[0]); err != nil {
			return p.WrapErr(err)
		}
	}
	*into = args[0]
	return nil
}

// list reads one argument or more.
func (p *gateParser) list(into *[]string, check func(string) error) error {
	word, args := p.Val(), p.RemainingArgs()
	if len(args) == 0 {
		return p.Errf("%s takes one value or more", word)
	}
	for _, arg := range args {
		if err := check(arg); err != nil {
			return p.WrapErr(err)
		}
	}
	*into = args
	return nil
}

func (p *gateParser) nothingMore(word string) error {
	if args := p.RemainingArgs(); len(args) > 0 {
		return p.Errf("%s takes no value: remove %s", word, strings.Join(args, " "))
	}
	return nil
}
