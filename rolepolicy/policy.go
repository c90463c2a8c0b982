package rolepolicy

import (
	"errors"
	"fmt"
	"math"
)

// Policy is the compiled rules of one gate. It does not change and may be used
// by any number of goroutines. The zero value and nil deny everything.
type Policy struct {
	roles *Roles
	rules []*rule
	exact *node // patterns as written, in each of their spellings
	fold  *node // the same in folded letters; exact itself where that changes nothing

	everywhere []*rule // rules without a path, in order

	namesMethods bool // some rule has a method condition
}

// Compile checks rules and makes them ready for judging. Its errors begin with
// the source of the rule, say what is wrong and how to cure it. No rules at all
// are a policy that denies everything. roles may be nil.
func Compile(rules []Rule, roles *Roles) (*Policy, error) {
	if len(rules) >= math.MaxInt32 {
		return nil, errors.New("too many rules")
	}
	p := &Policy{roles: roles, exact: newNode(), fold: newNode()}
	differs := false
	for i, one := range rules {
		r, err := compileRule(one, i)
		if err == nil {
			var folded bool
			folded, err = p.place(r, one.Paths)
			differs = differs || folded
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", sourceOf(one, i), err)
		}
		p.rules = append(p.rules, r)
		p.namesMethods = p.namesMethods || len(r.methods) > 0
	}
	if !differs {
		p.fold = p.exact
	}
	return p, nil
}

func sourceOf(r Rule, index int) string {
	if r.Source != "" {
		return r.Source
	}
	return fmt.Sprintf("rule %d", index+1)
}

// place puts r where searches find it and reports whether letter case matters there.
func (p *Policy) place(r *rule, patterns []string) (differs bool, err error) {
	if len(patterns) == 0 {
		p.everywhere = appendRule(p.everywhere, r)
	}
	for _, pattern := range patterns {
		paths, folder, err := variants(pattern)
		if err != nil {
			return false, err
		}
		for _, path := range paths {
			folded := fold(path)
			differs = differs || folded != path
			p.exact.insert(path, folder, r)
			p.fold.insert(folded, folder, r)
		}
	}
	return differs, nil
}

// Roles returns the role inclusion that the policy was compiled with.
func (p *Policy) Roles() *Roles {
	if p == nil {
		return nil
	}
	return p.roles
}
