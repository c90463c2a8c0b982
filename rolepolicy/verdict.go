package rolepolicy

import "time"

// Verdict is what the policy says of a request, whoever sent it. The zero value
// denies.
type Verdict struct {
	// Kind is the strictest kind found.
	Kind Kind
	// Malformed says what is wrong with a request that no upstream should see
	// (400), in words for a log; "" if nothing. Then Kind is Deny.
	Malformed string
	// MFA and Fresh are what all allow rules demand together.
	MFA   bool
	Fresh time.Duration
	// AskedAddress tells that a rule with `from` had a part in the verdict,
	// which early data (0-RTT) must not use: it may come from elsewhere again.
	AskedAddress bool

	first   [4]*rule // the rules that decided, each once
	more    []*rule
	n       uint8
	counted bool // some reading was judged
}

func (v *Verdict) malform(fault string) {
	if v.Malformed == "" {
		v.Malformed = fault
	}
	v.deny(nil)
}

func (v *Verdict) deny(r *rule) { v.take(Deny, r) }

// add takes the outcome of one reading in.
func (v *Verdict) add(q *query) {
	v.AskedAddress = v.AskedAddress || q.askedAddress()
	v.take(q.verdict(), q.best)
}

// verdict returns the kind that follows from a search.
func (q *query) verdict() Kind {
	if q.best == nil || len(q.best.from) > 0 && !q.addr.IsValid() {
		return Deny
	}
	return q.best.kind
}

func (v *Verdict) take(k Kind, r *rule) {
	if !v.counted || k < v.Kind {
		v.Kind = k
	}
	v.counted = true
	if r == nil || v.has(r) {
		return
	}
	if k == Allow {
		v.MFA = v.MFA || r.mfa
		if r.fresh > 0 && (v.Fresh == 0 || r.fresh < v.Fresh) {
			v.Fresh = r.fresh
		}
	}
	if int(v.n) < len(v.first) {
		v.first[v.n] = r
		v.n++
	} else {
		v.more = append(v.more, r)
	}
}

func (v *Verdict) has(r *rule) bool {
	for _, one := range v.first[:v.n] {
		if one == r {
			return true
		}
	}
	for _, one := range v.more {
		if one == r {
			return true
		}
	}
	return false
}

// Proofs is how somebody signed in.
type Proofs struct {
	MFA      bool      // a second factor was shown
	AuthTime time.Time // when they last proved who they are
}

// Outcome is what is to be done with a request. The zero value forbids.
type Outcome uint8

// The outcomes.
const (
	Forbidden Outcome = iota // 403; signing in would not help, or does not suffice
	Granted                  // pass it on
	NeedLogin                // nobody is signed in
	NeedMFA                  // a second factor is missing
	NeedFresh                // the sign-in is too old: sign in again
)

// String returns a word for o.
func (o Outcome) String() string {
	switch o {
	case Granted:
		return "granted"
	case NeedLogin:
		return "needs sign-in"
	case NeedMFA:
		return "needs a second factor"
	case NeedFresh:
		return "needs a fresh sign-in"
	}
	return "forbidden"
}

// MarshalText writes the words of [Outcome.String].
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// clockSkew is how far ahead of ours the clock of a node may be that noted a sign-in.
const clockSkew = time.Minute

// Decide tells what follows for somebody; nil is nobody. Every allow rule that
// decided must hold. What is demanded is told in the order in which it is best
// met: who first, then a fresh sign-in, which would lose an earlier second
// factor, then the second factor. Nothing is allocated.
func (v *Verdict) Decide(s *Subject, proofs Proofs, now time.Time) Outcome {
	if v == nil || v.Malformed != "" || !v.counted {
		return Forbidden
	}
	switch v.Kind {
	case Public, Optional:
		return Granted
	case Allow:
	default:
		return Forbidden
	}
	if s == nil {
		return NeedLogin
	}
	if !v.permits(s) {
		return Forbidden
	}
	if v.Fresh > 0 {
		age := now.Sub(proofs.AuthTime)
		if proofs.AuthTime.IsZero() || age > v.Fresh || age < -clockSkew {
			return NeedFresh
		}
	}
	if v.MFA && !proofs.MFA {
		return NeedMFA
	}
	return Granted
}

// permits reports whether every allow rule that decided names s.
func (v *Verdict) permits(s *Subject) bool {
	held := false
	for _, r := range v.first[:v.n] {
		if r.kind == Allow {
			if !r.permits(s) {
				return false
			}
			held = true
		}
	}
	for _, r := range v.more {
		if r.kind == Allow {
			if !r.permits(s) {
				return false
			}
			held = true
		}
	}
	return held
}

func (r *rule) permits(s *Subject) bool {
	for _, who := range r.who {
		if who.holds(s) {
			return true
		}
	}
	return false
}
