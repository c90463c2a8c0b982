package gate

import (
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
)

// minFresh: less than a sign-in takes would lead round in circles.
const minFresh = 10 * time.Second

// rule reads one line of who may enter where.
func (p *gateParser) rule(kind string) error {
	rule := GateRule{Kind: kind, Source: site.SourceOf(p.Dispenser)}
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
			return p.Errf("%s comes after a path: write who may enter first, then the paths", arg)
		default:
			if err := rolepolicy.CheckWho(arg); err != nil {
				return p.WrapErr(err)
			}
			rule.Who = append(rule.Who, arg)
		}
	}
	switch {
	case kind == "allow" && len(rule.Who) == 0:
		return p.Err("allow names no one: write who may enter, such as `allow user` or `allow role:admin /admin/*`")
	}
	if n := len(p.gate.Rules); n > 0 && p.gate.Rules[n-1].everything() {
		// The first rule that matches decides: an operator would believe that this one guards something.
		return p.Errf("this rule never decides, because the one at %s is for every request: write that one last, or name "+
			"its paths", p.gate.Rules[n-1].Source)
	}
	for nesting := p.Nesting(); p.NextBlock(nesting); {
		if err := p.condition(&rule); err != nil {
			return err
		}
	}
	p.gate.Rules = append(p.gate.Rules, rule)
	return nil
}

// everything reports whether the rule matches every request.
func (r *GateRule) everything() bool {
	return (len(r.Paths) == 0 || slices.Contains(r.Paths, "/*")) && r.Methods == nil && r.From == nil
}

// condition reads one line of a rule's own block.
func (p *gateParser) condition(rule *GateRule) error {
	switch word := p.Val(); word {
	case "method":
		if rule.Methods != nil {
			return p.Err("method appears twice in this rule: name all methods on one line")
		}
		return p.list(&rule.Methods, checkMethod)
	case "from":
		if rule.From != nil {
			return p.Err("from appears twice in this rule: name all networks on one line")
		}
		return p.list(&rule.From, func(text string) error { _, err := parsePrefixes([]string{text}); return err })
	case "mfa":
		if rule.Kind != "allow" {
			return p.Errf("mfa is a demand on people: it goes with allow, not with %s", rule.Kind)
		}
		if rule.MFA {
			return p.Err("mfa appears twice in this rule: keep one")
		}
		rule.MFA = true
		return p.noValue(word)
	case "fresh":
		if rule.Kind != "allow" {
			return p.Errf("fresh is a demand on people: it goes with allow, not with %s", rule.Kind)
		}
		if rule.Fresh != 0 {
			return p.Err("fresh appears twice in this rule: keep one")
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
	return p.noBlock(word)
}

// list reads one argument or more, and no block.
func (p *gateParser) list(into *[]string, check func(string) error) error {
	word := p.Val()
	if err := p.values(into, check); err != nil {
		return err
	}
	return p.noBlock(word)
}

// examples are what words that take a list could be given.
var examples = map[string]string{"method": "POST PUT", "from": "10.0.0.0/8", "headers": "remote webauth",
	"cors": "https://spa.example.com", "hosts": "app.example.com"}

// values reads one argument or more.
func (p *gateParser) values(into *[]string, check func(string) error) error {
	word, args := p.Val(), p.RemainingArgs()
	if len(args) == 0 {
		return p.Errf("%s takes one value or more, such as `%s %s`", word, word, examples[word])
	}
	for i, arg := range args {
		if err := check(arg); err != nil {
			return p.WrapErr(err)
		}
		if slices.Contains(args[:i], arg) {
			return p.Errf("%s names %s twice: keep one", word, arg)
		}
	}
	*into = args
	return nil
}

func (p *gateParser) noValue(word string) error {
	if args := p.RemainingArgs(); len(args) > 0 {
		return p.Errf("%s takes no value: remove %s", word, strings.Join(args, " "))
	}
	return p.noBlock(word)
}

// noBlock refuses a block where the word opens none: its lines would be read as the gate's own, or not at all.
func (p *gateParser) noBlock(word string) error {
	if p.NextBlock(p.Nesting()) {
		return p.Errf("%s opens no block: take the braces out", word)
	}
	return nil
}
