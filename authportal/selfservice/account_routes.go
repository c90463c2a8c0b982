package selfservice

import (
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// accountRoutes returns the routes of self-service: pages, forms and the JSON API.
func (s *profile) accountRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/signup", Secret: true, Do: s.signups.signupPage, Anywhere: true},
		{Method: http.MethodPost, Path: "/signup", Secret: true, Do: s.signups.signupForm},
		{Method: http.MethodPost, Path: "/api/v1/signup", Do: s.signups.signupAPI},

		{Method: http.MethodGet, Path: "/confirm", Secret: true, Do: s.signups.confirmPage},
		{Method: http.MethodPost, Path: "/confirm", Secret: true, Do: s.signups.confirmForm},
		{Method: http.MethodPost, Path: "/confirm/resend", Do: s.signups.resendForm},
		{Method: http.MethodPost, Path: "/api/v1/email/confirm", Do: s.signups.confirmAPI},
		{Method: http.MethodPost, Path: "/api/v1/email/resend", Do: s.signups.resendAPI},

		{Method: http.MethodGet, Path: "/forgot", Do: s.resets.forgotPage},
		{Method: http.MethodPost, Path: "/forgot", Do: s.resets.forgotForm},
		{Method: http.MethodPost, Path: "/api/v1/password/forgot", Do: s.resets.forgotAPI},
		{Method: http.MethodGet, Path: "/reset", Secret: true, Do: s.resets.resetPage},
		{Method: http.MethodPost, Path: "/reset", Secret: true, Do: s.resets.resetForm},
		{Method: http.MethodPost, Path: "/api/v1/password/reset", Do: s.resets.resetAPI},

		{Method: http.MethodGet, Path: "/setup", Secret: true, Do: s.invites.setupPage},
		{Method: http.MethodPost, Path: "/setup", Secret: true, Do: s.invites.setupForm},

		{Method: http.MethodPost, Path: "/account/email", Do: s.requestEmailForm},
		{Method: http.MethodGet, Path: "/email", Secret: true, Do: s.emails.emailPage},
		{Method: http.MethodPost, Path: "/email", Secret: true, Do: s.emails.emailForm},
		{Method: http.MethodGet, Path: "/email/undo", Secret: true, Do: s.emails.undoEmailPage},
		{Method: http.MethodPost, Path: "/email/undo", Secret: true, Do: s.emails.undoEmailForm},
		{Method: http.MethodPost, Path: "/api/v1/email/undo", Do: s.emails.undoEmailAPI},

		{Method: http.MethodGet, Path: "/account", Do: s.accountPage},
		{Method: http.MethodPost, Path: "/account", Do: s.profileForm},
		{Method: http.MethodGet, Path: "/api/v1/account", Do: s.accountAPI},
		{Method: http.MethodPatch, Path: "/api/v1/account", Do: s.profileAPI},
		{Method: http.MethodGet, Path: "/api/v1/account/export", Do: s.exportAPI},
		{Method: http.MethodPost, Path: "/account/delete", Do: s.deleteAccountForm},
		{Method: http.MethodDelete, Path: "/api/v1/account", Do: s.deleteAccountAPI},

		{Method: http.MethodPost, Path: "/account/password", Do: s.passwordForm},
		{Method: http.MethodPost, Path: "/api/v1/password/change", Do: s.resets.passwordAPI},

		{Method: http.MethodPost, Path: "/account/sessions", Do: s.sessionsForm},
		{Method: http.MethodGet, Path: "/api/v1/sessions", Do: s.sessionsAPI},
		{Method: http.MethodDelete, Path: "/api/v1/sessions", Do: s.endOthersAPI},
		{Method: http.MethodDelete, Path: "/api/v1/sessions/{id}", Do: s.endSessionAPI},

		{Method: http.MethodPost, Path: "/account/tokens", Do: s.tokenForm},
		{Method: http.MethodPost, Path: "/account/tokens/delete", Do: s.deleteTokenForm},
		{Method: http.MethodGet, Path: "/api/v1/tokens", Do: s.tokensAPI},
		{Method: http.MethodPost, Path: "/api/v1/tokens", Do: s.createTokenAPI},
		{Method: http.MethodDelete, Path: "/api/v1/tokens/{id}", Do: s.deleteTokenAPI},
	}
}
