package pages

import (
	"net/http"
	"time"
)

// sample is a page with made-up data. Together they cover all branches of all templates. They are rendered once at the
// start, to find errors in replaced templates, and in tests.
type sample struct {
	Page
	name   string
	status int
}

func samples() []sample {
	user := &User{ID: "k3jd5s7ahq2f6wz4mxr5tb3uve", Username: "ada", Email: "ada@example.com", Name: "Ada Lovelace",
		Roles: []string{"admin", "editor"}, Confirmed: true}
	password := Method{Name: "password", Kind: "password"}
	provider := Method{Name: "google", Kind: "google", URL: "/login/google?flow=f"}
	problem := func(id string, pairs ...any) *Message {
		m := &Message{ID: id, Args: map[string]any{}}
		for i := 0; i < len(pairs); i += 2 {
			m.Args[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	login := func(change func(*LoginData)) LoginData {
		d := LoginData{Methods: []Method{password}, To: "sealed", Remember: true, SignupURL: "/.gatehouse/signup?to=sealed"}
		change(&d)
		return d
	}
	eight := NewPassword{MinLength: 8}
	signup := SignupData{Flow: "sealed", LoginURL: "/login?flow=sealed", NewPassword: eight, Fields: []Field{
		{Name: "username", Type: "text", Required: true, Autocomplete: "username"}, {Name: "company", Type: "text", Required: true}}}
	short := problem("problem_password_not_acceptable", "reason", "too_short")
	list := []sample{
		{name: "login", Page: Page{Name: Login, LeavesSite: true, Data: login(func(*LoginData) {})}},
		{name: "login-problem", status: http.StatusUnauthorized, Page: Page{Name: Login, LeavesSite: true, Data: login(func(*LoginData) {}),
			Values: map[string]string{"login": "ada@example.com", "remember": "1"}, Problem: problem("problem_invalid_credentials")}},
		{name: "login-throttled", status: http.StatusTooManyRequests, Page: Page{Name: Login, Data: login(func(*LoginData) {}),
			Values: map[string]string{"login": "ada"}, Problem: problem("problem_too_many_attempts", "minutes", 15)}},
		{name: "login-methods", Page: Page{Name: Login, Data: login(func(d *LoginData) {
			d.To, d.Flow = "", "sealed"
			d.Methods = []Method{password, provider, {Name: "corp", Kind: "ldap", Label: "Company directory"}, {Name: "github", Kind: "github", URL: "/login/github"}}
		})}},
		{name: "login-providers", Page: Page{Name: Login, Data: login(func(d *LoginData) { d.Methods = []Method{provider} })}},
		{name: "login-fresh", Page: Page{Name: Login, Data: login(func(d *LoginData) {
			d.FixedLogin, d.Reason, d.Remember, d.SignupURL = "ada", "fresh", false, ""
		})}},
		{name: "login-factor", Page: Page{Name: Login, Data: login(func(d *LoginData) {
			d.FixedLogin, d.Reason = "ada", "mfa"
			d.Methods = []Method{{Name: "totp", Kind: "totp"}, {Name: "recovery", Kind: "recovery"}}
			d.Step = &Step{Token: "token", Method: "totp"}
		})}},
		{name: "login-step", Page: Page{Name: Login, Data: login(func(d *LoginData) {
			d.Step = &Step{Token: "token", Method: "email", Fields: []Field{{Name: "code", Type: "text", Required: true, Autocomplete: "one-time-code"}}}
		})}},
		{name: "login-post", Page: Page{Name: Login, FormAction: "https://login.example.com", Data: LoginData{
			Post: &Post{URL: "https://login.example.com/sso", Fields: []Field{{Name: "SAMLRequest", Value: "PHNhbWw+"}}}}}},
		{name: "signup", Page: Page{Name: Signup, LeavesSite: true, Data: signup}},
		{name: "signup-problem", status: http.StatusUnprocessableEntity, Page: Page{Name: Signup, LeavesSite: true, Data: signup, Problem: short,
			FieldProblems: map[string]*Message{"password": short},
			Values:        map[string]string{"email": "grace@example.com", "username": "grace", "name": "Grace Hopper", "company": "Example Ltd"}}},
		{name: "signup-closed", status: http.StatusForbidden, Page: Page{Name: Signup, Data: SignupData{Closed: true, LoginURL: "/login"}}},
		{name: "signup-invite", Page: Page{Name: Signup, LeavesSite: true, Data: SignupData{Invite: "token", Account: "ada@example.com", LoginURL: "/login", NewPassword: eight}}},
		{name: "signup-invite-expired", status: http.StatusBadRequest, Page: Page{Name: Signup, Data: SignupData{Expired: true, LoginURL: "/login"}}},
		{name: "signup-confirm", Page: Page{Name: Signup, Data: SignupData{Done: "confirm_email", LoginURL: "/login"}}},
		{name: "signup-approval", Page: Page{Name: Signup, Data: SignupData{Done: "approval_pending", LoginURL: "/login"}}},
		{name: "login-unconfirmed", status: http.StatusForbidden, Page: Page{Name: Login, Data: login(func(d *LoginData) {
			d.ForgotURL, d.ResendURL = "/.gatehouse/forgot?to=sealed", "/.gatehouse/confirm"
		}), Problem: problem("problem_email_not_confirmed")}},
		{name: "confirm", Page: Page{Name: Confirm, LeavesSite: true, Data: ConfirmData{Token: "token", Account: "ada@example.com", LoginURL: "/login"}}},
		{name: "confirm-done", Page: Page{Name: Confirm, Data: ConfirmData{Done: "confirmed", LoginURL: "/login"}}},
		{name: "confirm-approval", Page: Page{Name: Confirm, Data: ConfirmData{Done: "approval_pending", LoginURL: "/login"}}},
		{name: "confirm-sent", Page: Page{Name: Confirm, Data: ConfirmData{Done: "sent", LoginURL: "/login"}}},
		{name: "confirm-expired", status: http.StatusBadRequest, Page: Page{Name: Confirm, Data: ConfirmData{Expired: true, LoginURL: "/login"}}},
		{name: "email", Page: Page{Name: Email, Data: EmailData{Token: "token", Account: "ada@example.com", Email: "ada@example.net", LoginURL: "/login"}}},
		{name: "email-first", Page: Page{Name: Email, Data: EmailData{Token: "token", Email: "ada@example.net", LoginURL: "/login"}}},
		{name: "email-done", Page: Page{Name: Email, Data: EmailData{Done: true, Account: "ada@example.com", Email: "ada@example.net", LoginURL: "/login"}}},
		{name: "email-expired", status: http.StatusBadRequest, Page: Page{Name: Email, Data: EmailData{Expired: true, LoginURL: "/login"}}},
		{name: "email-taken", status: http.StatusConflict, Page: Page{Name: Email, Data: EmailData{LoginURL: "/login"}, Problem: problem("problem_user_exists")}},
		{name: "email-undo", Page: Page{Name: Email, Data: EmailData{Undo: true, Token: "token", Account: "ada@example.com", Email: "ada@example.net", LoginURL: "/login"}}},
		{name: "email-undo-done", Page: Page{Name: Email, Data: EmailData{Undo: true, Done: true, Account: "ada@example.com", Email: "ada@example.net", LoginURL: "/login"}}},
		{name: "email-undo-expired", status: http.StatusBadRequest, Page: Page{Name: Email, Data: EmailData{Undo: true, Expired: true, LoginURL: "/login"}}},
		{name: "confirm-resend", Page: Page{Name: Confirm, Data: ConfirmData{LoginURL: "/login"}}},
		{name: "forgot", Page: Page{Name: Forgot, Data: ForgotData{To: "sealed", LoginURL: "/login?to=sealed"}}},
		{name: "forgot-done", Page: Page{Name: Forgot, Data: ForgotData{Done: true, LoginURL: "/login"}}},
		{name: "reset", Page: Page{Name: Reset, Data: ResetData{Token: "token", Account: "ada@example.com", NewPassword: eight}}},
		{name: "reset-problem", status: http.StatusUnprocessableEntity, Page: Page{Name: Reset, Problem: short, FieldProblems: map[string]*Message{"password": short},
			Data: ResetData{Token: "token", Account: "ada@example.com", NewPassword: eight}}},
		{name: "reset-expired", status: http.StatusBadRequest, Page: Page{Name: Reset, Data: ResetData{Expired: true, ForgotURL: "/forgot"}}},
		{name: "reset-done", Page: Page{Name: Reset, Data: ResetData{Done: true, LoginURL: "/login"}}},
		{name: "login-mail-beside", Page: Page{Name: Login, Data: login(func(d *LoginData) {
			d.Methods = []Method{password, {Name: "email_link", Kind: "email_link", URL: "/.gatehouse/link?to=sealed"}}
		})}},
		{name: "login-mail-alone", Page: Page{Name: Login, Data: login(func(d *LoginData) {
			d.Methods, d.MailForm = []Method{{Name: "email_link", Kind: "email_link", URL: "/.gatehouse/link?to=sealed"}}, true
		})}},
		{name: "link", Page: Page{Name: Link, LeavesSite: true, Data: LinkData{To: "sealed", Remember: true, LoginURL: "/login?to=sealed"}}},
		{name: "link-sent", Page: Page{Name: Link, LeavesSite: true, Data: LinkData{To: "sealed", Step: "token", Account: "ada@example.com", AgainURL: "/link?to=sealed"}}},
		{name: "link-wrong", status: http.StatusUnauthorized, Page: Page{Name: Link, LeavesSite: true, Problem: problem("problem_invalid_code"),
			Data: LinkData{Step: "token", Account: "ada@example.com", AgainURL: "/link"}}},
		{name: "link-open", Page: Page{Name: Link, LeavesSite: true, Data: LinkData{Token: "token", Account: "ada@example.com"}}},
		{name: "link-elsewhere", Page: Page{Name: Link, Data: LinkData{Elsewhere: true}}},
		{name: "link-expired", status: http.StatusBadRequest, Page: Page{Name: Link, Data: LinkData{Expired: true, AgainURL: "/link"}}},
		{name: "link-done", Page: Page{Name: Link, Data: LinkData{Done: true, Account: "ada@example.com", LoginURL: "/account"}}},
		{name: "logout", Page: Page{Name: Logout, Data: LogoutData{User: user, LoginURL: "/login"}}},
		{name: "logout-done", Page: Page{Name: Logout, Data: LogoutData{LoginURL: "/login"}}},
		{name: "setup", Page: Page{Name: Setup, Data: SetupData{Token: "token", NewPassword: eight}}},
		{name: "setup-expired", status: http.StatusBadRequest, Page: Page{Name: Setup, Data: SetupData{Expired: true}, Problem: problem("problem_invalid_token")}},
		{name: "forbidden", status: http.StatusForbidden, Page: Page{Name: Forbidden, Data: ForbiddenData{User: user, LogoutURL: "/.gatehouse/logout",
			Path: "/admin/reports", Reason: "role"}}},
		{name: "forbidden-mfa", status: http.StatusForbidden, Page: Page{Name: Forbidden, Problem: problem("problem_second_factor_required"),
			Data: ForbiddenData{User: user, LogoutURL: "/logout", Path: "/admin/", Reason: "mfa"}}},
		{name: "forbidden-nobody", status: http.StatusForbidden, Page: Page{Name: Forbidden, Data: ForbiddenData{Path: "/internal/"}}},
		{name: "error-unavailable", status: http.StatusServiceUnavailable, Page: Page{Name: Error, Data: ErrorData{Status: http.StatusServiceUnavailable,
			Code: "store_unavailable", Detail: "what is needed for this cannot be reached now", RetryURL: "/reports?year=2026"}}},
		{name: "error-not-found", status: http.StatusNotFound, Page: Page{Name: Error, Data: ErrorData{Status: http.StatusNotFound, Code: "not_found",
			Detail: "there is nothing here"}}},
		{name: "error-unknown", status: http.StatusTeapot, Page: Page{Name: Error, Data: ErrorData{Status: http.StatusTeapot, Code: "teapot"}}},
	}
	list = append(list, accountSamples(*user, problem)...)
	list = append(list, adminSamples(*user, problem)...)
	for i := range list {
		list[i].Base = "/.gatehouse"
		if list[i].status == 0 {
			list[i].status = http.StatusOK
		}
	}
	return list
}

func accountSamples(user User, problem func(string, ...any) *Message) []sample {
	at := func(month time.Month, day, hour int) time.Time {
		return time.Date(2026, month, day, hour, 42, 0, 0, time.UTC)
	}
	eight := NewPassword{MinLength: 8}
	data := AccountData{User: user, HasPassword: true, NewPassword: eight, Administrator: true, ChangesEmail: true,
		Fields: []Field{{Name: "company", Type: "text", Required: true, Value: "Analytical Engines Ltd"}},
		Sessions: []Session{
			{ID: "s1", Host: "auth.example.com", Address: "203.0.113.7", Current: true, Created: at(11, 23, 8), LastSeen: at(11, 23, 12),
				Device: "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"},
			{ID: "s2", Host: "app.example.com", Address: "2001:db8:4:1::c0de", Remembered: true, Created: at(11, 2, 19), LastSeen: at(11, 22, 7),
				Device: "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1"},
			{ID: "s3", Host: "shop.example.net", Created: at(10, 30, 9), LastSeen: at(11, 1, 9), Device: "something else"},
		},
		Tokens: []Token{
			{ID: "t1", Name: "Backup script", Roles: []string{"editor"}, Created: at(9, 1, 8), Used: at(11, 23, 3), Expires: time.Date(2027, 9, 1, 0, 0, 0, 0, time.UTC)},
			{ID: "t2", Name: "Kitchen display", Created: at(11, 20, 8)},
		},
	}
	fresh, bare := data, AccountData{User: User{ID: user.ID, Username: "bob@example.com", Email: "bob@example.com"}, NewPassword: eight, Sessions: data.Sessions[:1]}
	bare.ForgotURL = "/.gatehouse/forgot"
	pending := data
	pending.PendingEmail = "ada@example.net"
	domain := problem("problem_invalid_field", "field", "email")
	fresh.NewToken = "ghk_3q2-7wAAexampleexampleexampleexampleexample0"
	wrong := problem("problem_invalid_credentials")
	unsure := problem("problem_invalid_field", "field", "sure")
	past := problem("problem_invalid_field", "field", "expires")
	return []sample{
		{name: "account", Page: Page{Name: Account, Data: data}},
		{name: "account-saved", Page: Page{Name: Account, Data: data, Notice: problem("done_profile")}},
		{name: "account-bare", Page: Page{Name: Account, Data: bare}},
		{name: "account-email", Page: Page{Name: Account, Data: pending, Notice: problem("done_email")}},
		{name: "account-wrong-email", status: http.StatusUnprocessableEntity, Page: Page{Name: Account, Data: data, Problem: domain,
			FieldProblems: map[string]*Message{"email": domain}, Values: map[string]string{"email": "ada@example.invalid"}}},
		{name: "account-token", Page: Page{Name: Account, Data: fresh, Notice: problem("done_token")}},
		{name: "account-wrong-password", status: http.StatusUnauthorized, Page: Page{Name: Account, Data: data, Problem: wrong}},
		{name: "account-unsure", status: http.StatusUnprocessableEntity, Page: Page{Name: Account, Data: data, Problem: unsure,
			FieldProblems: map[string]*Message{"sure": unsure}}},
		{name: "account-wrong-token", status: http.StatusUnprocessableEntity, Page: Page{Name: Account, Data: data, Problem: past,
			FieldProblems: map[string]*Message{"expires": past}, Values: map[string]string{"token_name": "Backup script"}}},
	}
}
