package app

import (
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
)

// Defaults of the global block, as documented.
const (
	defaultIdle           = 30 * time.Minute
	defaultLifetime       = 12 * time.Hour
	defaultRemember       = 30 * 24 * time.Hour
	defaultAccountGuesses = 10
	defaultAddressGuesses = 100
	defaultGuessWindow    = 15 * time.Minute
)

// SessionLimits says how long a sign-in lasts. Zero values are the defaults.
type SessionLimits struct {
	// How long a sign-in survives without use. Default: 30m.
	Idle caddy.Duration `json:"idle,omitempty"`

	// How long a sign-in lasts at most, however much it is used. Default: 12h. Not shorter than `idle`, where both are
	// given.
	Lifetime caddy.Duration `json:"lifetime,omitempty"`

	// How long a remembered sign-in lasts; it has no idle limit. Default: 30d. A negative value hides the choice.
	Remember caddy.Duration `json:"remember,omitempty"`
}

func (s *SessionLimits) idle() time.Duration     { return or(s.Idle, defaultIdle) }
func (s *SessionLimits) lifetime() time.Duration { return or(s.Lifetime, defaultLifetime) }

// remember is zero where people are not offered the choice.
func (s *SessionLimits) remember() time.Duration { return max(0, or(s.Remember, defaultRemember)) }

func (s *SessionLimits) validate() error {
	switch {
	case s.Idle < 0:
		return errors.New("session: idle must be positive")
	case s.Lifetime < 0:
		return errors.New("session: lifetime must be positive")
	case s.Idle != 0 && s.Lifetime != 0 && s.Lifetime < s.Idle:
		return fmt.Errorf("session: idle %s is longer than lifetime %s, at which a sign-in ends in any case: make idle "+
			"the shorter one", s.idle(), s.lifetime())
	}
	return nil
}

// Signup says whether people may make themselves an account.
type Signup struct {
	// "open"; "approval", where an administrator lets each in; "invite", where administrators invite, by mail; "closed".
	// Default: closed.
	Mode string `json:"mode,omitempty"`

	// E-mail domains that may sign up, such as "example.com"; sub-domains are others. Needs confirmed addresses.
	// Default: all.
	Domains []string `json:"domains,omitempty"`

	// Roles given to a new account. Default: none.
	Roles []string `json:"roles,omitempty"`

	// Further fields of the form, in the order shown. Their values become attributes of the account, but for the field
	// `username`, which lets people choose theirs.
	Fields []Field `json:"fields,omitempty"`
}

// Field is one further field of the sign-up form.
type Field struct {
	// Lower-case letters, digits and `_`, beginning with a letter.
	Name string `json:"name"`

	// Whether it must be filled in. Default: false.
	Required bool `json:"required,omitempty"`
}

// Role is one role that means more than its own name.
type Role struct {
	// Roles that come with this one.
	Includes []string `json:"includes,omitempty"`
}

// Throttle limits guesses, wherever a password or code is checked. Zero values are the defaults.
type Throttle struct {
	// Wrong guesses against one account. Default: 10 per 15m.
	Account *Rate `json:"account,omitempty"`

	// Wrong guesses from one address (IPv4 /32, IPv6 /64), for all accounts together. Default: 100 per 15m.
	Address *Rate `json:"address,omitempty"`
}

// Rate is a number of guesses in a window that begins with the first of them.
type Rate struct {
	// At least 1.
	Limit int `json:"limit"`

	// From 1s to 30d.
	Window caddy.Duration `json:"window"`
}

func (r *Rate) validate(name string) error {
	if r == nil {
		return nil
	}
	if r.Limit < 1 {
		return fmt.Errorf("throttle: %s must allow at least one guess", name)
	}
	if w := time.Duration(r.Window); w < time.Second || w > 30*24*time.Hour {
		return fmt.Errorf("throttle: the window of %s must be from 1s to 30d", name)
	}
	return nil
}

// rate returns r, or the default where it is nil.
func (r *Rate) rate(limit int) Rate {
	if r == nil {
		return Rate{Limit: limit, Window: caddy.Duration(defaultGuessWindow)}
	}
	return *r
}

// Brand is how the pages look.
type Brand struct {
	// What the pages call the place. Default: the host.
	Name string `json:"name,omitempty"`

	// A file (SVG, PNG, JPEG, WebP, at most 512 KiB), read at start.
	Logo string `json:"logo,omitempty"`

	// A colour as #rgb or #rrggbb.
	Accent string `json:"accent,omitempty"`

	// A folder with pages that replace ours, by file name; read at start.
	Templates string `json:"templates,omitempty"`

	// A folder with translations that replace or add to ours, by file name; read at start.
	Locales string `json:"locales,omitempty"`
}

func or(d caddy.Duration, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return time.Duration(d)
}

// Audit says what is kept of who did what.
type Audit struct {
	// How long events are kept, from 1d. Default: 180d.
	Keep caddy.Duration `json:"keep,omitempty"`

	// A server that is sent every event as it happens. Default: none.
	Webhook *Webhook `json:"webhook,omitempty"`
}

func (a *Audit) keep() time.Duration {
	if a == nil {
		return audit.DefaultAuditKeep
	}
	return or(a.Keep, audit.DefaultAuditKeep)
}

func (a *Audit) validate() error {
	if k := a.keep(); k < 24*time.Hour {
		return errors.New("audit: keep must be one day at least: write `keep 180d`")
	}
	return nil
}
