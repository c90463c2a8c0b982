package rolepolicy

import (
	"fmt"
	"strings"
)

// Warnings names the rules that can never decide because an earlier rule without
// conditions covers all their paths, such as a `deny /internal/*` that stands
// below `allow user`. Each is a sentence that begins with the source of the rule.
func (p *Policy) Warnings() []string {
	if p == nil {
		return nil
	}
	var list []string
	for i, r := range p.rules {
		if before := p.shadow(r); before != nil {
			list = append(list, fmt.Sprintf("%s: `%s` never decides, because `%s` at %s comes first and covers it: move the narrower rule up",
				sourceOf(Rule{Source: r.source}, i), r.text, before.text, sourceOf(Rule{Source: before.source}, int(before.index))))
		}
	}
	return list
}

// shadow finds an earlier rule that covers some pattern of r, if all are covered.
func (p *Policy) shadow(r *rule) *rule {
	everywhere := earlier(p.everywhere, r)
	if everywhere == nil {
		everywhere = earlier(p.exact.below, r)
	}
	if everywhere != nil || len(r.paths) == 0 {
		return everywhere
	}
	var found *rule
	for _, pattern := range r.paths {
		folder := strings.HasSuffix(pattern, "/*")
		found = p.exact.cover(strings.TrimSuffix(pattern, "/*"), folder, r)
		if found == nil {
			return nil
		}
	}
	return found
}

// cover finds a rule before r whose pattern includes everything at path.
func (n *node) cover(path string, folder bool, r *rule) *rule {
	if found := earlier(n.below, r); found != nil {
		return found
	}
	if path == "" {
		if folder {
			return nil
		}
		return earlier(n.here, r)
	}
	segment, rest := cutSegment(path)
	if c := n.children[segment]; c != nil && segment != "*" {
		if found := c.cover(rest, folder, r); found != nil {
			return found
		}
	}
	if n.star != nil && segment != "" {
		return n.star.cover(rest, folder, r)
	}
	return nil
}

// earlier finds a rule without conditions that stands before r.
func earlier(list []*rule, r *rule) *rule {
	for _, one := range list {
		if one.index < r.index && !one.conditional() {
			return one
		}
	}
	return nil
}
