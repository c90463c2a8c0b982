package settings

import (
	"slices"
	"time"
)

// Settings are the operator's choices. The zero value is the documented default of each.
type Settings struct {
	Idle        time.Duration // sliding limit of a session that is not remembered; default 30m
	Lifetime    time.Duration // absolute limit of such a session, from sign-in; default 12h
	Remember    time.Duration // lifetime of a remembered one; default 30d
	RememberOff bool          // the choice is not offered, and not honoured
	Signup      SignupSettings
	Account     Limit // guesses per account; default 10 per 15m
	Address     Limit // guesses per address; default 100 per 15m
	AllowHTTP   bool  // sign-in over plain http on hosts that are not loopback

	// ConfirmEmail says that an account signs in only once its address is confirmed.
	ConfirmEmail bool

	MFA MFASettings
}

// MFASettings say who needs a second factor.
type MFASettings struct {
	RequireAll   bool
	RequireRoles []string // of those who hold any of them
}

// Requires reports whether somebody who holds the roles, included ones too, must have a second factor.
func (s MFASettings) Requires(roles []string) bool {
	return s.RequireAll || slices.ContainsFunc(s.RequireRoles, func(r string) bool { return slices.Contains(roles, r) })
}

// Limit is a number of guesses in a window that begins with the first.
type Limit struct {
	Count  int
	Window time.Duration
}

// SignupMode says who may make an account.
type SignupMode string

const (
	SignupClosed   SignupMode = "closed" // nobody; the default, as is ""
	SignupOpen     SignupMode = "open"
	SignupApproval SignupMode = "approval" // anyone, and an administrator approves
	SignupInvite   SignupMode = "invite"
)

// SignupSettings say how accounts come into being.
type SignupSettings struct {
	Mode    SignupMode
	Domains []string // e-mail domains that may sign up; empty: all
	Roles   []string // given to a new account
	Fields  []SignupField
}

// SignupField is a further field of the form, kept as an attribute; "username" is the account's own.
type SignupField struct {
	Name     string
	Required bool
}

// OwnFields names the fields that the operator added and that people fill in about themselves.
func (s *SignupSettings) OwnFields() []string {
	var names []string
	for _, f := range s.Fields {
		if f.Name != "username" {
			names = append(names, f.Name)
		}
	}
	return names
}

// ChoosesUsername reports whether people choose their username at sign-up.
func (s *SignupSettings) ChoosesUsername() bool {
	return slices.ContainsFunc(s.Fields, func(f SignupField) bool { return f.Name == "username" })
}

// WithDefaults returns the settings with the documented default in the place of every zero.
func (s Settings) WithDefaults() Settings {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&s.Idle, 30*time.Minute)
	def(&s.Lifetime, 12*time.Hour)
	def(&s.Remember, 30*24*time.Hour)
	if s.Account.Count <= 0 {
		s.Account.Count = 10
	}
	if s.Address.Count <= 0 {
		s.Address.Count = 100
	}
	def(&s.Account.Window, 15*time.Minute)
	def(&s.Address.Window, 15*time.Minute)
	if s.Signup.Mode == "" {
		s.Signup.Mode = SignupClosed
	}
	return s
}
