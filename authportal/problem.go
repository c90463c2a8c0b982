package authportal

import (
	"errors"
	"net/http"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/api"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
)

// Problem is an outcome that is told to the person or program that asked, in the face they came by. An action returns
// one as its error; any other error of an action means that we failed.
type Problem = api.Problem

// Codes of problems that more than one action knows.
const (
	codeTooMany     = "too_many_attempts"
	codeCrossOrigin = "cross_origin"
	codeUnavailable = "store_unavailable"
)

var (
	errInvalidCredentials = &Problem{Status: http.StatusUnauthorized, Code: "invalid_credentials", Detail: "login name or password is wrong"}
	errLoginRequired      = &Problem{Status: http.StatusUnauthorized, Code: "login_required", Detail: "nobody is signed in"}
	errInvalidToken       = &Problem{Status: http.StatusUnauthorized, Code: "invalid_token", Detail: "the token is unknown, expired or revoked"}
	errFreshRequired      = &Problem{Status: http.StatusForbidden, Code: "fresh_login_required", Detail: "sign in again to do this"}
	errSecondFactor       = &Problem{Status: http.StatusForbidden, Code: "second_factor_required", Detail: "this needs a second factor, and the account has none"}
	errTooMany            = &Problem{Status: http.StatusTooManyRequests, Code: codeTooMany, Detail: "too many attempts; try again later"}
	errDisabled           = &Problem{Status: http.StatusForbidden, Code: "account_disabled", Detail: "this account is disabled"}
	errUnapproved         = &Problem{Status: http.StatusForbidden, Code: "approval_pending", Detail: "this account waits for an administrator's approval"}
	errUnconfirmed        = &Problem{Status: http.StatusForbidden, Code: "email_not_confirmed", Detail: "the e-mail address is not confirmed yet"}
	errHTTPS              = &Problem{Status: http.StatusForbidden, Code: "https_required", Detail: "signing in needs https here"}
	errCrossOrigin        = &Problem{Status: http.StatusForbidden, Code: codeCrossOrigin, Detail: "the request comes from another origin"}
	errForbidden          = &Problem{Status: http.StatusForbidden, Code: "forbidden", Detail: "this is not permitted"}
	errNotFound           = &Problem{Status: http.StatusNotFound, Code: "not_found", Detail: "there is nothing here"}
	errMalformed          = &Problem{Status: http.StatusBadRequest, Code: "malformed", Detail: "the request cannot be understood"}
	errTooLarge           = &Problem{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Detail: "the request is too large"}
	errMethod             = &Problem{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Detail: "this method is not for this address"}
	errBusy               = &Problem{Status: http.StatusServiceUnavailable, Code: "busy", Detail: "too many people sign in at once", RetryAfter: 2 * time.Second}
	errUnavailable        = &Problem{Status: http.StatusServiceUnavailable, Code: codeUnavailable, Detail: "what is needed for this cannot be reached now", RetryAfter: 5 * time.Second}
	errInvalidCode        = &Problem{Status: http.StatusUnauthorized, Code: "invalid_code", Detail: "the code is wrong or used"}
	errSignInRefused      = &Problem{Status: http.StatusUnauthorized, Code: "sign_in_refused", Detail: "the provider did not confirm who you are"}
	errStepExpired        = &Problem{Status: http.StatusBadRequest, Code: "sign_in_expired", Detail: "this sign-in took too long or belongs to another browser; begin anew"}
	errSignInBroken       = &Problem{Status: http.StatusBadRequest, Code: "sign_in_broken", Detail: "this browser did not keep the sign-in; cookies may be blocked"}
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

// weFailed tells whether err is a fault on our side rather than an outcome.
func weFailed(err error) bool {
	_, ok := errors.AsType[*Problem](err)
	return err != nil && !ok && !errors.Is(err, method.ErrBusy)
}

// WriteProblem answers a program: RFC 9457 with a stable code, never cached. Further members come in pairs of name and
// value; the member "retry_after" (a time.Duration) becomes the header.
func WriteProblem(w http.ResponseWriter, status int, code, detail string, extra ...any) {
	p := &Problem{Status: status, Code: code, Detail: detail}
	for i := 0; i+1 < len(extra); i += 2 {
		name, _ := extra[i].(string)
		if d, ok := extra[i+1].(time.Duration); ok && name == "retry_after" {
			p.RetryAfter = d
			continue
		}
		p = p.With(name, extra[i+1])
	}
	p.Write(w)
}

// setRetry sets the headers of a problem that a page tells.
func setRetry(w http.ResponseWriter, p *Problem) { p.Headers(w.Header()) }
