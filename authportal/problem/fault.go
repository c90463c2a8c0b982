package problem

import (
	"errors"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
)

// Of returns what to tell about an outcome: itself if it is a Problem, else that we failed.
func Of(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if errors.Is(err, method.ErrBusy) {
		return Busy
	}
	return Unavailable
}

// IsFault reports whether err is a fault on our side rather than an outcome.
func IsFault(err error) bool {
	_, ok := errors.AsType[*Problem](err)
	return err != nil && !ok && !errors.Is(err, method.ErrBusy)
}
