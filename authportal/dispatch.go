package authportal

import (
	"github.com/gatehouse-auth/gatehouse/store"
)

// intent is where a sign-in leads, and what it must satisfy.
type intent struct{}

// outcome is how a sign-in ends.
type outcome struct {
	Location string // where to go on; empty where the caller named no address
}

// intent reads where a sign-in shall lead, from `to` (a path, or the sealed value of a login page) or `flow`. What cannot
// be read leads to the account.
func (c *call) intent(to, flow string) *intent { return &intent{} }

// finish makes a session of proofs that are complete (a new one, or a further proof of the caller's), sets its cookie,
// and says where to go on. Accounts that may not sign in are a Problem.
func (c *call) finish(u *store.User, proven Proven, method string, in *intent, remember bool) (*outcome, error) {
	return nil, errUnavailable
}

func (p *Portal) signInRoutes() []route { return nil }
