package problem

import (
	"net/http"
	"time"
)

// Codes that are used without their problem.
const (
	CodeTooMany     = "too_many_attempts"
	CodeCrossOrigin = "cross_origin"
	CodeUnavailable = "store_unavailable"
)

// Problems that more than one package returns. Compare them by identity or by code. They never change: With returns a
// copy.
var (
	InvalidCredentials = &Problem{Status: http.StatusUnauthorized, Code: "invalid_credentials",
		Detail: "login name or password is wrong"}
	LoginRequired = &Problem{Status: http.StatusUnauthorized, Code: "login_required",
		Detail: "nobody is signed in"}
	InvalidToken = &Problem{Status: http.StatusUnauthorized, Code: "invalid_token",
		Detail: "the token is unknown, expired or revoked"}
	FreshRequired = &Problem{Status: http.StatusForbidden, Code: "fresh_login_required",
		Detail: "sign in again to do this"}
	SecondFactor = &Problem{Status: http.StatusForbidden, Code: "second_factor_required",
		Detail: "this needs a second factor, and the account has none"}
	TooMany = &Problem{Status: http.StatusTooManyRequests, Code: CodeTooMany,
		Detail: "too many attempts; try again later"}
	Disabled = &Problem{Status: http.StatusForbidden, Code: "account_disabled",
		Detail: "this account is disabled"}
	Unapproved = &Problem{Status: http.StatusForbidden, Code: "approval_pending",
		Detail: "this account waits for an administrator's approval"}
	Unconfirmed = &Problem{Status: http.StatusForbidden, Code: "email_not_confirmed",
		Detail: "the e-mail address is not confirmed yet"}
	HTTPS = &Problem{Status: http.StatusForbidden, Code: "https_required",
		Detail: "signing in needs https here"}
	CrossOrigin = &Problem{Status: http.StatusForbidden, Code: CodeCrossOrigin,
		Detail: "the request comes from another origin"}
	Forbidden = &Problem{Status: http.StatusForbidden, Code: "forbidden",
		Detail: "this is not permitted"}
	NotFound = &Problem{Status: http.StatusNotFound, Code: "not_found",
		Detail: "there is nothing here"}
	Malformed = &Problem{Status: http.StatusBadRequest, Code: "malformed",
		Detail: "the request cannot be understood"}
	TooLarge = &Problem{Status: http.StatusRequestEntityTooLarge, Code: "too_large",
		Detail: "the request is too large"}
	Method = &Problem{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed",
		Detail: "this method is not for this address"}
	Busy = &Problem{Status: http.StatusServiceUnavailable, Code: "busy",
		Detail: "too many people sign in at once", RetryAfter: 2 * time.Second}
	Unavailable = &Problem{Status: http.StatusServiceUnavailable, Code: CodeUnavailable,
		Detail: "what is needed for this cannot be reached now", RetryAfter: 5 * time.Second}
	InvalidCode = &Problem{Status: http.StatusUnauthorized, Code: "invalid_code",
		Detail: "the code is wrong or used"}
	StepExpired = &Problem{Status: http.StatusBadRequest, Code: "sign_in_expired",
		Detail: "this sign-in took too long or belongs to another browser; begin anew"}
	SignInBroken = &Problem{Status: http.StatusBadRequest, Code: "sign_in_broken",
		Detail: "this browser did not keep the sign-in; cookies may be blocked"}
	// SignInRefused reports that a provider's response did not authenticate anyone.
	SignInRefused = &Problem{Status: http.StatusUnauthorized, Code: "sign_in_refused",
		Detail: "the provider did not confirm who you are"}
	UserExists = &Problem{Status: http.StatusConflict, Code: "user_exists",
		Detail: "there is an account with this address"}
	UsernameTaken = &Problem{Status: http.StatusConflict, Code: "username_taken",
		Detail: "this username is in use, or was once"}
	LastAdministrator = &Problem{Status: http.StatusConflict, Code: "last_administrator",
		Detail: "nobody who is enabled would hold the role admin any more"}
	ChangedMeanwhile = &Problem{Status: http.StatusPreconditionFailed, Code: "changed_meanwhile",
		Detail: "the account has been changed since it was read"}
	Changing = &Problem{Status: http.StatusConflict, Code: "conflict",
		Detail: "the account is being changed by somebody else; look at it again"}
	InvalidLink = &Problem{Status: http.StatusBadRequest, Code: "invalid_token",
		Detail: "the link is used, old or incomplete; ask for a new one"}
	NoMail = &Problem{Status: http.StatusNotFound, Code: "not_found",
		Detail: "no mail is configured here"}
)

// InvalidField returns the problem of an invalid field value; why completes a sentence that begins with the field name.
func InvalidField(field, why string) *Problem {
	p := &Problem{Status: http.StatusUnprocessableEntity, Code: "invalid_field", Detail: field + " " + why}
	return p.With("field", field)
}
