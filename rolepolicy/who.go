package rolepolicy

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// aspect is what one term of a who-expression looks at.
type aspect uint8

const (
	aspectNone   aspect = iota // holds for nobody
	aspectUser                 // anyone signed in
	aspectRole                 // a role held, itself or by inclusion
	aspectName                 // the username
	aspectEmail                // the confirmed address
	aspectDomain               // the domain of the confirmed address
)

// term is one part of a who-expression: "role:editor".
type term struct {
	aspect aspect
	value  string
}

// conjunction is a who-expression: terms that must all hold. None hold for nobody.
type conjunction []term

// CheckWho tells what is wrong with a who-expression. Syntax:
//
//	<term>[&<term>...]
//	user                  anyone signed in
//	role:<role>           holders of a role, itself or by inclusion
//	user:<username>       one account, by its username
//	user:<address>        one account, by its confirmed e-mail address
//	domain:<domain>       confirmed e-mail addresses of exactly this domain
func CheckWho(expr string) error {
	_, err := parseWho(expr)
	return err
}

func parseWho(expr string) (conjunction, error) {
	var all conjunction
	for part := range strings.SplitSeq(expr, "&") {
		t, err := parseTerm(part)
		if err != nil {
			return nil, fmt.Errorf("who-expression %q: %w", expr, err)
		}
		all = append(all, t)
	}
	return all, nil
}

func parseTerm(s string) (term, error) {
	if s == "user" {
		return term{aspect: aspectUser}, nil
	}
	word, value, found := strings.Cut(s, ":")
	switch {
	case s == "":
		return term{}, fmt.Errorf("a term is missing: write for example role:editor&role:author, without spaces")
	case word == "role" && found:
		return term{aspectRole, value}, CheckRoleName(value)
	case word == "user" && found && strings.Contains(value, "@"):
		return term{aspectEmail, strings.ToLower(value)}, checkEmail(value)
	case word == "user" && found:
		return term{aspectName, value}, CheckUsername(value)
	case word == "domain" && found:
		return term{aspectDomain, strings.ToLower(value)}, checkDomain(value)
	}
	return term{}, fmt.Errorf("%q is none of user, role:<role>, user:<username or e-mail>, domain:<e-mail domain>", s)
}

// holds reports whether t is true of s, who is signed in.
func (t term) holds(s *Subject) bool {
	switch t.aspect {
	case aspectUser:
		return true
	case aspectRole:
		return s.HasRole(t.value)
	case aspectName:
		return s.username != "" && s.username == t.value
	case aspectEmail:
		return s.email != "" && s.email == t.value
	case aspectDomain:
		return s.domain != "" && s.domain == t.value
	}
	return false
}

// holds reports whether every term is true of s.
func (c conjunction) holds(s *Subject) bool {
	for _, t := range c {
		if !t.holds(s) {
			return false
		}
	}
	return len(c) > 0
}

// CheckRoleName tells what is wrong with a role's name. A name that held a
// separator could pose as two roles in a header such as Remote-Roles.
func CheckRoleName(name string) error {
	if strings.Contains(name, "&") {
		return fmt.Errorf("role name %q holds `&`, which joins who-expressions: use a hyphen", name)
	}
	return checkName("role name", name)
}

// CheckUsername tells what is wrong with a username, for the same reason. It
// leaves open whether a username with `@` is its account's own address.
func CheckUsername(name string) error { return checkName("username", name) }

func checkName(what, name string) error {
	if name == "" {
		return fmt.Errorf("%s is empty", what)
	}
	if !utf8.ValidString(name) {
		return fmt.Errorf("%s %q is not UTF-8", what, name)
	}
	for _, r := range name {
		switch {
		case r == ',' || r == ';' || r == '|' || unicode.IsSpace(r):
			return fmt.Errorf("%s %q holds %q: separators (`,` `;` `|`) and white space could make one name pose as two", what, name, r)
		case !unicode.IsGraphic(r):
			return fmt.Errorf("%s %q holds the invisible character %U: leave it out", what, name, r)
		}
	}
	return nil
}

func checkEmail(address string) error {
	local, domain, _ := strings.Cut(address, "@")
	if local == "" || strings.Contains(domain, "@") || checkName("e-mail address", address) != nil {
		return fmt.Errorf("%q is no e-mail address: write for example user:ann@example.com", address)
	}
	return checkDomain(domain)
}

func checkDomain(domain string) error {
	if domain == "" || strings.Contains(domain, "@") || strings.Contains(domain, "..") ||
		strings.HasPrefix(domain, ".") || strings.HasSuffix(domain, ".") ||
		strings.ContainsAny(domain, "*/:") || checkName("domain", domain) != nil {
		return fmt.Errorf("%q is no e-mail domain: write for example domain:example.com; each subdomain is named by itself", domain)
	}
	return nil
}

// Roles returns the roles that the who-expressions of r name, sorted, each once: of each expression that is one of several
// ways to pass, and all of one that joins them.
func (r Rule) Roles() []string {
	var list []string
	for _, expr := range r.Who {
		who, err := parseWho(expr)
		if err != nil {
			continue // Compile tells
		}
		for _, t := range who {
			if t.aspect == aspectRole {
				list = append(list, t.value)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
