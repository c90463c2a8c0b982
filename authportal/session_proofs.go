package authportal

import (
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Meets reports whether the proofs of a session satisfy the demand now.
func (p *Portal) Meets(s *store.Session, d Demand) bool {
	if d.MFA && !p.strong(s.Proofs) {
		return false
	}
	return d.Fresh <= 0 || p.now().Sub(lastProof(s.Proofs)) < d.Fresh
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
