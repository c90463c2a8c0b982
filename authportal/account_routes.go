package authportal

import "net/http"

// accountRoutes are the actions on accounts by their owners, each in the faces that it has.
func (p *Portal) accountRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/signup", secret: true, do: (*call).signupPage, anywhere: true},
		{method: http.MethodPost, path: "/signup", secret: true, do: (*call).signupForm},
		{method: http.MethodPost, path: "/api/v1/signup", do: (*call).signupAPI},

		{method: http.MethodGet, path: "/confirm", secret: true, do: (*call).confirmPage},
		{method: http.MethodPost, path: "/confirm", secret: true, do: (*call).confirmForm},
		{method: http.MethodPost, path: "/confirm/resend", do: (*call).resendForm},
		{method: http.MethodPost, path: "/api/v1/email/confirm", do: (*call).confirmAPI},
		{method: http.MethodPost, path: "/api/v1/email/resend", do: (*call).resendAPI},

		{method: http.MethodGet, path: "/forgot", do: (*call).forgotPage},
		{method: http.MethodPost, path: "/forgot", do: (*call).forgotForm},
		{method: http.MethodPost, path: "/api/v1/password/forgot", do: (*call).forgotAPI},
		{method: http.MethodGet, path: "/reset", secret: true, do: (*call).resetPage},
		{method: http.MethodPost, path: "/reset", secret: true, do: (*call).resetForm},
		{method: http.MethodPost, path: "/api/v1/password/reset", do: (*call).resetAPI},

		{method: http.MethodGet, path: "/setup", secret: true, do: (*call).setupPage},
		{method: http.MethodPost, path: "/setup", secret: true, do: (*call).setupForm},

		{method: http.MethodPost, path: "/account/email", do: (*call).askEmailForm},
		{method: http.MethodGet, path: "/email", secret: true, do: (*call).emailPage},
		{method: http.MethodPost, path: "/email", secret: true, do: (*call).emailForm},
		{method: http.MethodGet, path: "/email/undo", secret: true, do: (*call).undoEmailPage},
		{method: http.MethodPost, path: "/email/undo", secret: true, do: (*call).undoEmailForm},
		{method: http.MethodPost, path: "/api/v1/email/undo", do: (*call).undoEmailAPI},

		{method: http.MethodGet, path: "/account", do: (*call).accountPage},
		{method: http.MethodPost, path: "/account", do: (*call).profileForm},
		{method: http.MethodGet, path: "/api/v1/account", do: (*call).accountAPI},
		{method: http.MethodPatch, path: "/api/v1/account", do: (*call).profileAPI},
		{method: http.MethodGet, path: "/api/v1/account/export", do: (*call).exportAPI},
		{method: http.MethodPost, path: "/account/delete", do: (*call).deleteAccountForm},
		{method: http.MethodDelete, path: "/api/v1/account", do: (*call).deleteAccountAPI},

		{method: http.MethodPost, path: "/account/password", do: (*call).passwordForm},
		{method: http.MethodPost, path: "/api/v1/password/change", do: (*call).passwordAPI},

		{method: http.MethodPost, path: "/account/sessions", do: (*call).sessionsForm},
		{method: http.MethodGet, path: "/api/v1/sessions", do: (*call).sessionsAPI},
		{method: http.MethodDelete, path: "/api/v1/sessions", do: (*call).endOthersAPI},
		{method: http.MethodDelete, path: "/api/v1/sessions/{id}", do: (*call).endSessionAPI},

		{method: http.MethodPost, path: "/account/tokens", do: (*call).tokenForm},
		{method: http.MethodPost, path: "/account/tokens/delete", do: (*call).deleteTokenForm},
		{method: http.MethodGet, path: "/api/v1/tokens", do: (*call).tokensAPI},
		{method: http.MethodPost, path: "/api/v1/tokens", do: (*call).createTokenAPI},
		{method: http.MethodDelete, path: "/api/v1/tokens/{id}", do: (*call).deleteTokenAPI},
	}
}
