package rolepolicy

import (
	"fmt"
	"strings"
	"time"
)

// Explanation is a verdict told in words, for `policy explain`.
type Explanation struct {
	Kind      Kind          `json:"kind"`
	Outcome   Outcome       `json:"outcome"`
	Malformed string        `json:"malformed,omitempty"`
	MFA       bool          `json:"mfa,omitempty"`
	Fresh     time.Duration `json:"fresh,omitempty"`
	// Readings are those that were judged, in the order found.
	Readings []ReadingExplained `json:"readings,omitempty"`
	// Deciding are the rules that made the verdict what it is: the first denial,
	// or every allow, or the first of what is milder.
	Deciding []RuleExplained `json:"deciding,omitempty"`
}

// ReadingExplained is one way to read a request and the rule that decided it.
type ReadingExplained struct {
	Method   string `json:"method"`
	Path     string `json:"path"`
	Original bool   `json:"original,omitempty"` // of the address as sent, before a rewrite
	How      string `json:"how"`                // "percent-decoded, dot segments removed"
	Kind     Kind   `json:"kind"`
	// Rule decided; nil where none matched, which denies. Skipped tells that none
	// that has a path matched the address as sent, which then does not count.
	Rule    *RuleExplained `json:"rule,omitempty"`
	Skipped bool           `json:"skipped,omitempty"`
	// Note tells why Kind is not the rule's own.
	Note string `json:"note,omitempty"`
}

// RuleExplained names a rule.
type RuleExplained struct {
	Source string `json:"source"` // file:line
	Text   string `json:"text"`   // as in [Rule.String]
	Holds  bool   `json:"holds"`  // an allow: names the subject; else: does not deny
}

// Explain judges a request as [Policy.Judge] and [Verdict.Decide] do and tells
// every reading and the rule that decided it.
func (p *Policy) Explain(req *Request, s *Subject, proofs Proofs, now time.Time) Explanation {
	v := p.Judge(req)
	e := Explanation{Kind: v.Kind, Outcome: v.Decide(s, proofs, now), Malformed: v.Malformed}
	if v.Malformed != "" || p == nil || p.exact == nil || req == nil {
		return e
	}
	if v.Kind == Allow {
		e.MFA, e.Fresh = v.MFA, v.Fresh
	}
	e.explainPath(p, req, s, req.Path, false)
	if req.Original != "" && req.Original != req.Path {
		e.explainPath(p, req, s, req.Original, true)
	}
	e.Deciding = e.deciding()
	return e
}

func (e *Explanation) explainPath(p *Policy, req *Request, s *Subject, path string, original bool) {
	readings, _ := read(path)
	methods, n := p.methodReadings(req.Method)
	for i, one := range readings {
		how, folded := describe(readings, i), fold(one.path)
		for j, method := range methods[:n] {
			words := how
			if j > 0 {
				words += ", " + req.Method + " read as " + method
			}
			r := ReadingExplained{Method: method, Path: one.path, Original: original, How: words}
			e.explainReading(p, req, s, r, p.exact)
			if folded != one.path || p.fold != p.exact {
				// Said only where it is another path or another rule.
				r.Path, r.How = folded, words+", letter case folded"
				e.explainReading(p, req, s, r, p.fold)
				last := len(e.Readings) - 1
				if folded == one.path && sameRule(e.Readings[last].Rule, e.Readings[last-1].Rule) {
					e.Readings = e.Readings[:last]
				}
			}
		}
	}
}

func (e *Explanation) explainReading(p *Policy, req *Request, s *Subject, r ReadingExplained, tree *node) {
	q := newQuery(r.Method, plainAddr(req.Addr))
	r.Skipped = !p.decide(&q, tree, r.Path, r.Original)
	r.Kind = q.verdict()
	if q.best != nil {
		holds := q.best.kind != Deny && (q.best.kind != Allow || s != nil && q.best.permits(s))
		r.Rule = &RuleExplained{Source: q.best.source, Text: q.best.text, Holds: holds}
		if r.Kind != q.best.kind {
			r.Note = "the client's address is unknown and the rule asks for it"
		}
	}
	e.Readings = append(e.Readings, r)
}

func sameRule(a, b *RuleExplained) bool { return a == b || a != nil && b != nil && *a == *b }

// deciding picks the rules that a verdict rests on.
func (e *Explanation) deciding() []RuleExplained {
	var list []RuleExplained
	seen := map[RuleExplained]bool{}
	for _, r := range e.Readings {
		if r.Skipped || r.Kind != e.Kind || r.Rule == nil || seen[*r.Rule] {
			continue
		}
		seen[*r.Rule] = true
		list = append(list, *r.Rule)
		if e.Kind != Allow {
			break
		}
	}
	return list
}

// String writes the explanation on several lines.
func (e Explanation) String() string {
	var b strings.Builder
	if e.Malformed != "" {
		fmt.Fprintf(&b, "refused as malformed (400): %s\n", e.Malformed)
		return b.String()
	}
	fmt.Fprintf(&b, "verdict: %s, %s\n", e.Kind, e.Outcome)
	for _, r := range e.Deciding {
		fmt.Fprintf(&b, "  by %s", r)
		if e.Kind == Allow && e.Outcome == Forbidden && !r.Holds {
			b.WriteString(", which does not name them")
		}
		b.WriteString("\n")
	}
	if len(e.Deciding) == 0 {
		b.WriteString("  because no rule matches, under at least one reading\n")
	}
	if e.MFA {
		b.WriteString("  demands a second factor\n")
	}
	if e.Fresh > 0 {
		fmt.Fprintf(&b, "  demands a sign-in no older than %s\n", shortDuration(e.Fresh))
	}
	b.WriteString("readings:\n")
	for _, r := range e.Readings {
		how := r.How
		if r.Original {
			how = "address before the rewrite, " + how
		}
		fmt.Fprintf(&b, "  %s %s (%s)\n    %s\n", r.Method, r.Path, how, r.outcome())
	}
	return b.String()
}

func (r ReadingExplained) outcome() string {
	switch {
	case r.Skipped:
		return "not judged: no rule that has a path matches"
	case r.Rule == nil:
		return "deny: no rule matches"
	case r.Note != "":
		return fmt.Sprintf("%s, though by %s: %s", r.Kind, r.Rule, r.Note)
	}
	return fmt.Sprintf("%s by %s", r.Kind, r.Rule)
}

// String writes where the rule stands and what it says.
func (r RuleExplained) String() string {
	if r.Source == "" {
		return "`" + r.Text + "`"
	}
	return r.Source + " `" + r.Text + "`"
}
