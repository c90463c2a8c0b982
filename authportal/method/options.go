package method

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// ProviderOptions are the settings that all providers of outside identities share. A driver embeds them in its
// configuration; the host, not the method, acts on them.
type ProviderOptions struct {
	// Label is the text of the button; empty: the default of the kind.
	Label string `json:"label,omitempty"`

	// SignUp is "on" or "off": whether an identity without an account gets one. Empty: as the global `signup` says.
	SignUp string `json:"signup,omitempty"`

	// Domains are the email domains whose users may sign in; empty: all.
	Domains []string `json:"domain,omitempty"`

	// Roles are assigned to a new account.
	Roles []string `json:"role,omitempty"`

	// Home are the email domains whose users are redirected to this provider after entering their address.
	Home []string `json:"home,omitempty"`

	// Refresh is how often the source is queried again for groups and account state; 0: at sign-in only.
	Refresh Duration `json:"refresh,omitempty"`

	// TrustMFA accepts the source's own second factor for `mfa`.
	TrustMFA bool `json:"trust_mfa,omitempty"`
}

// Provider is an ability of drivers with the settings of a provider. Embedding ProviderOptions implements it.
type Provider interface{ Common() ProviderOptions }

// Common implements Provider.
func (o ProviderOptions) Common() ProviderOptions { return o }

// Check returns an error if the settings are invalid.
func (o ProviderOptions) Check() error {
	switch {
	case o.SignUp != "" && o.SignUp != "on" && o.SignUp != "off":
		return fmt.Errorf("signup is on or off, not %q", o.SignUp)
	case o.Refresh < 0:
		return fmt.Errorf("refresh is at least 0, not %s", time.Duration(o.Refresh))
	case slices.Contains(o.Domains, "") || slices.Contains(o.Roles, "") || slices.Contains(o.Home, ""):
		return fmt.Errorf("an empty domain or role")
	}
	return nil
}

// Level returns the number of factors of a proof of the source: its own second factor counts if TrustMFA is set.
func (o ProviderOptions) Level(id *Identity) int {
	if o.TrustMFA && slices.Contains(id.AMR, "mfa") {
		return 2
	}
	return 1
}

// Duration is "15m" in JSON, or a number of nanoseconds.
type Duration time.Duration

// MarshalJSON writes "15m0s".
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads either form.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil {
		return json.Unmarshal(b, (*int64)(d))
	}
	v, err := time.ParseDuration(text)
	*d = Duration(v)
	return err
}
