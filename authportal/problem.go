package authportal

import (
	"errors"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// Problem is an outcome that is told to the person or program that asked, in the face they came by. An action returns
// one as its error; any other error of an action means that we failed.
type Problem = problem.Problem

const (
	codeTooMany     = problem.CodeTooMany
	codeCrossOrigin = problem.CodeCrossOrigin
	codeUnavailable = problem.CodeUnavailable
)

var (
	errInvalidCredentials = problem.InvalidCredentials
	errLoginRequired      = problem.LoginRequired
	errInvalidToken       = problem.InvalidToken
	errFreshRequired      = problem.FreshRequired
	errSecondFactor       = problem.SecondFactor
	errDisabled           = problem.Disabled
	errUnapproved         = problem.Unapproved
	errUnconfirmed        = problem.Unconfirmed
	errHTTPS              = problem.HTTPS
	errCrossOrigin        = problem.CrossOrigin
	errForbidden          = problem.Forbidden
	errNotFound           = problem.NotFound
	errMalformed          = problem.Malformed
	errTooLarge           = problem.TooLarge
	errMethod             = problem.Method
	errBusy               = problem.Busy
	errUnavailable        = problem.Unavailable
	errInvalidCode        = problem.InvalidCode
	errStepExpired        = problem.StepExpired
	errSignInBroken       = problem.SignInBroken
	errSignInRefused      = problem.SignInRefused
	errMailToken          = problem.InvalidLink
)

// problemOf returns what to tell about an outcome: itself if it is a Problem, else that we failed.
func problemOf(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if errors.Is(err, method.ErrBusy) {
		return errBusy
	}
	return errUnavailable
}

// weFailed reports whether err is a fault on our side rather than an outcome.
func weFailed(err error) bool {
	_, ok := errors.AsType[*Problem](err)
	return err != nil && !ok && !errors.Is(err, method.ErrBusy)
}

// WriteProblem answers a program: RFC 9457 with a stable code, never cached. Further members come in pairs of name and
// value; the member "retry_after" (a time.Duration) becomes the header.
func WriteProblem(w http.ResponseWriter, status int, code, detail string, extra ...any) {
	problem.Write(w, status, code, detail, extra...)
}
