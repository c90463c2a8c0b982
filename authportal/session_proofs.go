package authportal

import (
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Meets reports whether the proofs of a session satisfy the demand now.
func (p *Portal) Meets(s *store.Session, d Demand) bool {
	if d.MFA && !p.strong(s.Proofs) {
		return false
	}
	return d.Fresh <= 0 || p.now().Sub(lastProof(s.Proofs)) < d.Fresh
}

// strong reports whether two different methods, the later one a second factor, stand behind a sign-in.
func (p *Portal) strong(proofs []store.Proof) bool {
	for i := range proofs {
		for j := range i {
			if proofs[i].Method != proofs[j].Method && p.isFactor(proofs[i].Method) {
				return true
			}
		}
	}
	return false
}

func (p *Portal) isFactor(name string) bool {
	for i := range p.methods {
		if p.methods[i].Name == name {
			_, ok := p.methods[i].Method.(method.SecondFactor)
			return ok
		}
	}
	return false
}

// lastProof returns when the person last showed who they are; the zero time if never.
func lastProof(proofs []store.Proof) time.Time {
	var t time.Time
	for i := range proofs {
		if proofs[i].At.After(t) {
			t = proofs[i].At
		}
	}
	return t
}
