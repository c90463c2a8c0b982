package selfservice

import (
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// accountRoutes are the actions on accounts by their owners, each in the faces that it has.
func (s *Service) accountRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/signup", Secret: true, Do: s.signupPage, Anywhere: true},
		{Method: http.MethodPost, Path: "/signup", Secret: true, Do: s.signupForm},
		{Method: http.MethodPost, Path: "/api/v1/signup", Do: s.signupAPI},

		{Method: http.MethodGet, Path: "/confirm", Secret: true, Do: s.confirmPage},
		{Method: http.MethodPost, Path: "/confirm", Secret: true, Do: s.confirmForm},
		{Method: http.MethodPost, Path: "/confirm/resend", Do: s.resendForm},
		{Method: http.MethodPost, Path: "/api/v1/email/confirm", Do: s.confirmAPI},
		{Method: http.MethodPost, Path: "/api/v1/email/resend", Do: s.resendAPI},

		{Method: http.MethodGet, Path: "/forgot", Do: s.forgotPage},
		{Method: http.MethodPost, Path: "/forgot", Do: s.forgotForm},
		{Method: http.MethodPost, Path: "/api/v1/password/forgot", Do: s.forgotAPI},
		{Method: http.MethodGet, Path: "/reset", Secret: true, Do: s.resetPage},
		{Method: http.MethodPost, Path: "/reset", Secret: true, Do: s.resetForm},
		{Method: http.MethodPost, Path: "/api/v1/password/reset", Do: s.resetAPI},

		{Method: http.MethodGet, Path: "/setup", Secret: true, Do: s.setupPage},
		{Method: http.MethodPost, Path: "/setup", Secret: true, Do: s.setupForm},

		{Method: http.MethodPost, Path: "/account/email", Do: s.askEmailForm},
		{Method: http.MethodGet, Path: "/email", Secret: true, Do: s.emailPage},
		{Method: http.MethodPost, Path: "/email", Secret: true, Do: s.emailForm},
		{Method: http.MethodGet, Path: "/email/undo", Secret: true, Do: s.undoEmailPage},
		{Method: http.MethodPost, Path: "/email/undo", Secret: true, Do: s.undoEmailForm},
		{Method: http.MethodPost, Path: "/api/v1/email/undo", Do: s.undoEmailAPI},

		{Method: http.MethodGet, Path: "/account", Do: s.accountPage},
		{Method: http.MethodPost, Path: "/account", Do: s.profileForm},
		{Method: http.MethodGet, Path: "/api/v1/account", Do: s.accountAPI},
		{Method: http.MethodPatch, Path: "/api/v1/account", Do: s.profileAPI},
		{Method: http.MethodGet, Path: "/api/v1/account/export", Do: s.exportAPI},
		{Method: http.MethodPost, Path: "/account/delete", Do: s.deleteAccountForm},
		{Method: http.MethodDelete, Path: "/api/v1/account", Do: s.deleteAccountAPI},

		{Method: http.MethodPost, Path: "/account/password", Do: s.passwordForm},
		{Method: http.MethodPost, Path: "/api/v1/password/change", Do: s.passwordAPI},

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
