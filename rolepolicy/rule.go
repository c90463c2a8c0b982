package rolepolicy

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Kind is what a rule does with the requests it decides. The zero value denies.
type Kind uint8

// The kinds, from the strictest to the mildest.
const (
	Deny     Kind = iota // nobody
	Allow                // those whom the rule names, once they have signed in
	Optional             // everybody, with an identity where there is one
	Public               // everybody, without an identity
)

// String returns the word that stands for k in a Caddyfile.
func (k Kind) String() string {
	switch k {
	case Allow:
		return "allow"
	case Optional:
		return "optional"
	case Public:
		return "public"
	}
	return "deny"
}

// MarshalText writes the word of [Kind.String].
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Rule is one rule of a gate, as its operator wrote it. Paths, Methods and From
// say whether the rule decides; Who, MFA and Fresh are what it then demands and
// never a reason to try the next rule.
type Rule struct {
	Kind Kind `json:"kind"`
	// Who lists who-expressions, one of which must hold (see [CheckWho]).
	// Needed by Allow, an error elsewhere.
	Who []string `json:"who,omitempty"`
	// Paths lists patterns, one of which must match (see [CheckPath]).
	// None: every path.
	Paths []string `json:"paths,omitempty"`
	// Methods lists request methods; lower case is read as upper case.
	// None: every method. GET does not include HEAD, see [Policy.Judge].
	Methods []string `json:"methods,omitempty"`
	// From lists networks of the client. None: every address.
	From []netip.Prefix `json:"from,omitempty"`
	// MFA demands a second factor. Allow only.
	MFA bool `json:"mfa,omitempty"`
	// Fresh is the greatest age of the sign-in. 0: any age. Allow only.
	Fresh time.Duration `json:"fresh,omitempty"`
	// Source is "file:line", told by errors and by [Policy.Explain].
	Source string `json:"source,omitempty"`
}

// String writes the rule on one line, the way it would stand in a Caddyfile.
func (r Rule) String() string {
	var b strings.Builder
	b.WriteString(r.Kind.String())
	for _, who := range r.Who {
		b.WriteString(" " + who)
	}
	for _, path := range r.Paths {
		b.WriteString(" " + path)
	}
	var inner []string
	if len(r.Methods) > 0 {
		inner = append(inner, "method "+strings.Join(r.Methods, " "))
	}
	if len(r.From) > 0 {
		from := "from"
		for _, prefix := range r.From {
			from += " " + prefix.String()
		}
		inner = append(inner, from)
	}
	if r.MFA {
		inner = append(inner, "mfa")
	}
	if r.Fresh > 0 {
		inner = append(inner, "fresh "+shortDuration(r.Fresh))
	}
	if len(inner) > 0 {
		b.WriteString(" { " + strings.Join(inner, "; ") + " }")
	}
	return b.String()
}

// shortDuration writes 10m instead of 10m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// rule is a Rule made ready for judging.
type rule struct {
	index   int32 // place among the rules; the lowest that matches decides
	kind    Kind
	who     []conjunction
	paths   []string
	methods []string
	from    []netip.Prefix
	mfa     bool
	fresh   time.Duration
	text    string
	source  string
}

// compileRule checks everything about r but its paths.
func compileRule(r Rule, index int) (*rule, error) {
	c := &rule{index: int32(index), kind: r.Kind, mfa: r.MFA, fresh: r.Fresh,
		paths: slices.Clone(r.Paths), text: r.String(), source: r.Source}
	switch {
	case r.Kind > Public:
		return nil, fmt.Errorf("unknown kind of rule %d: use deny, allow, optional or public", r.Kind)
	case r.Kind == Allow && len(r.Who) == 0:
		return nil, errors.New("allow names nobody: write `allow user` for everyone who is signed in, or `allow role:<role>`")
	case r.Kind != Allow && len(r.Who) > 0:
		return nil, fmt.Errorf("%s takes no who-expression (%q): only allow does", r.Kind, r.Who[0])
	case r.Kind != Allow && (r.MFA || r.Fresh != 0):
		return nil, fmt.Errorf("%s takes neither mfa nor fresh: only allow does", r.Kind)
	case r.Fresh < 0:
		return nil, fmt.Errorf("fresh %s is negative: write a duration such as 10m", r.Fresh)
	}
	for _, expr := range r.Who {
		who, err := parseWho(expr)
		if err != nil {
			return nil, err
		}
		c.who = append(c.who, who)
	}
	for _, method := range r.Methods {
		if !isToken(method) {
			return nil, fmt.Errorf("method %q is not a request method: write for example GET", method)
		}
		c.methods = append(c.methods, strings.ToUpper(method))
	}
	for _, prefix := range r.From {
		network, err := plainPrefix(prefix)
		if err != nil {
			return nil, err
		}
		c.from = append(c.from, network)
	}
	return c, nil
}

// conditional reports whether more than its path decides if r matches.
func (r *rule) conditional() bool { return len(r.methods) > 0 || len(r.from) > 0 }

// plainPrefix turns ::ffff:10.0.0.0/104 into 10.0.0.0/8, because a client's
// address is compared in its short form.
func plainPrefix(p netip.Prefix) (netip.Prefix, error) {
	if !p.IsValid() {
		return p, errors.New("from has an invalid network: write for example 10.0.0.0/8 or 2001:db8::/32")
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return p, fmt.Errorf("from %s mixes IPv4 and IPv6: name each network by itself", p)
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// isToken reports whether s is a token of RFC 9110 §5.6.2, as every method is.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}
