package gate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
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
	g := &Gate{Source: site.SourceOf(h.Dispenser)}
	matcher, err := h.ExtractMatcherSet()
	if err != nil { // Caddy's error has no file and line
		return nil, fmt.Errorf("gate: %w: define the matcher in this site, or name a path instead, at %s", err, g.Source)
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
		if strings.HasPrefix(who, "/") || strings.HasPrefix(who, "@") {
			return d.Errf("gate %s: a matcher comes first, and there is one at most; several paths go into a block, such as "+
				"`allow user %s`", who, who)
		}
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
	if err := g.checkNames(); err != nil { // a preset may come after the jwt line
		return fmt.Errorf("%s%w", site.At(g.Source), err)
	}
	switch {
	case len(short) > 0 && len(g.Rules) > 0:
		return d.Errf("gate %s { ... } says twice who may enter: write `allow %s` as a line of the block",
			strings.Join(short, " "), strings.Join(short, " "))
	case len(short) > 0:
		g.Rules = []GateRule{{Kind: "allow", Who: short, Source: g.Source}}
	}
	return nil
}

const defaultJWTHeader = "X-Gatehouse-Jwt"

// gateParser reads the lines of one gate block.
type gateParser struct {
	*caddyfile.Dispenser
	gate *Gate
	seen map[string]string // words that may appear once, and where they did
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
		return p.Errf("%s appears twice in this gate, at %s first: keep one", word, before)
	}
	p.seen[word] = site.SourceOf(p.Dispenser)
	switch word {
	case "headers":
		return p.headers()
	case "jwt":
		return p.jwt()
	case "login_page":
		return p.one(&p.gate.LoginPage, checkLoginPage)
	case "basic":
		p.gate.Basic = true
		return p.noValue("basic")
	case "cors":
		return p.list(&p.gate.CORS, checkOrigin)
	case "hosts":
		return p.list(&p.gate.Hosts, checkHost)
	}
	return p.Errf("unknown word %q in gate: use public, optional, allow, deny, headers, header, jwt, login_page, "+
		"basic, cors or hosts", word)
}

func (p *gateParser) headers() error {
	if err := p.values(&p.gate.Headers, checkPreset); err != nil {
		return err
	}
	if len(p.gate.Headers) > 1 && slices.Contains(p.gate.Headers, "none") {
		return p.Errf("headers %s: none goes with no other", strings.Join(p.gate.Headers, " "))
	}
	for nesting := p.Nesting(); p.NextBlock(nesting); {
		var err error
		switch word := p.Val(); word {
		case "separator":
			if p.gate.Separator != "" {
				return p.Err("separator appears twice: keep one")
			}
			err = p.one(&p.gate.Separator, checkSeparator)
		case "encode":
			if p.gate.Encode != "" {
				return p.Err("encode appears twice: keep one")
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
	if err := checkExtraHeader(args[0], args[1]); err != nil {
		return p.WrapErr(err)
	}
	p.gate.Extra = append(p.gate.Extra, ExtraHeader{Name: args[0], Value: args[1]})
	if err := p.gate.checkNames(); err != nil {
		return p.WrapErr(err)
	}
	return p.noBlock("header")
}

func (p *gateParser) jwt() error {
	p.gate.JWT = defaultJWTHeader
	if args := p.RemainingArgs(); len(args) == 1 {
		p.gate.JWT = args[0]
	} else if len(args) > 1 {
		return p.Err("jwt takes one header name at most")
	}
	if err := errors.Join(checkHeaderName(p.gate.JWT), p.gate.checkNames()); err != nil {
		return p.WrapErr(err)
	}
	return p.noBlock("jwt")
}
