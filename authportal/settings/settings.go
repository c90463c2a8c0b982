package settings

import (
	"slices"
	"time"
)

// Settings are the operator's settings. A zero field stands for its documented default; see WithDefaults.
type Settings struct {
	Idle        time.Duration // idle timeout of a session that is not remembered; default 30m
	Lifetime    time.Duration // absolute timeout of such a session, from sign-in; default 12h
	Remember    time.Duration // absolute timeout of a remembered session; default 30d
	RememberOff bool          // do not offer or accept "remember me"
	Signup      SignupSettings
	Account     Limit // guesses per account; default 10 per 15m
	Address     Limit // guesses per client address; default 100 per 15m
	AllowHTTP   bool  // allow sign-in over plain http on hosts other than loopback

	// ConfirmEmail refuses sign-in until the account's email address is confirmed.
	ConfirmEmail bool

	MFA MFASettings
}

// MFASettings determine which accounts need a second factor.
type MFASettings struct {
	RequireAll   bool
	RequireRoles []string // any of these roles requires one
}

// Requires reports whether an account that holds the roles needs a second factor. The roles include inherited ones.
func (s MFASettings) Requires(roles []string) bool {
	return s.RequireAll || slices.ContainsFunc(s.RequireRoles, func(r string) bool { return slices.Contains(roles, r) })
}

// Limit is a number of guesses in a fixed window, which begins with the first guess.
type Limit struct {
	Count  int
	Window time.Duration
}

// SignupMode determines who may sign up.
type SignupMode string

// The sign-up modes.
const (
	SignupClosed   SignupMode = "closed"   // no one; the default, as is ""
	SignupOpen     SignupMode = "open"     // anyone
	SignupApproval SignupMode = "approval" // anyone, once an administrator approves
	SignupInvite   SignupMode = "invite"   // only invited addresses
)

// SignupSettings configure sign-up.
type SignupSettings struct {
	Mode    SignupMode
	Domains []string // email domains that may sign up; empty: all
	Roles   []string // assigned to a new account
	Fields  []SignupField
}

// SignupField is an additional field of the sign-up form. It is stored as an attribute, except "username", which is
// the account's username.
type SignupField struct {
	Name     string
	Required bool
}

// OwnFields returns the names of the additional fields that are stored as attributes.
func (s *SignupSettings) OwnFields() []string {
	var names []string
	for _, f := range s.Fields {
		if f.Name != "username" {
			names = append(names, f.Name)
		}
	}
	return names
}

// ChoosesUsername reports whether the sign-up form asks for a username.
func (s *SignupSettings) ChoosesUsername() bool {
	return slices.ContainsFunc(s.Fields, func(f SignupField) bool { return f.Name == "username" })
}

// WithDefaults returns the settings with every zero replaced by its documented default.
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
