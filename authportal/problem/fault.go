package problem

import (
	"errors"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
)

// Of returns the problem to report for err: err itself if it is a Problem, otherwise Busy or Unavailable.
func Of(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if errors.Is(err, method.ErrBusy) {
		return Busy
	}
	return Unavailable
}

// IsFault reports whether err is an internal failure rather than a Problem or an overload.
func IsFault(err error) bool {
	_, ok := errors.AsType[*Problem](err)
	return err != nil && !ok && !errors.Is(err, method.ErrBusy)
}
