package authportal

import (
	"errors"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// problemOf returns what to tell about an outcome: itself if it is a Problem, else that we failed.
func problemOf(err error) *problem.Problem {
	if p, ok := errors.AsType[*problem.Problem](err); ok {
		return p
	}
	if errors.Is(err, method.ErrBusy) {
		return problem.Busy
	}
	return problem.Unavailable
}

// weFailed reports whether err is a fault on our side rather than an outcome.
func weFailed(err error) bool {
	_, ok := errors.AsType[*problem.Problem](err)
	return err != nil && !ok && !errors.Is(err, method.ErrBusy)
}
