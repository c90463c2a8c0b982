package signin

import (
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Meets reports whether the proofs of a session satisfy the demand now.
func (s *callers) Meets(session *store.Session, demand web.Demand) bool {
	if demand.MFA && !s.strong(session.Proofs) {
		return false
	}
	return demand.Fresh <= 0 || s.now().Sub(lastProof(session.Proofs)) < demand.Fresh
}

// lastProof returns the time of the latest proof, zero without one.
func lastProof(proofs []store.Proof) time.Time {
	var t time.Time
	for i := range proofs {
		if proofs[i].At.After(t) {
			t = proofs[i].At
		}
	}
	return t
}
