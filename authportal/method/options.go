package method

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// ProviderOptions are the settings that every provider of outside identities has. A driver embeds them in its
// configuration; the host reads them from the configuration and acts on them, so that no method has to.
type ProviderOptions struct {
	// Label is what people read on the button; empty: ours for the kind.
	Label string `json:"label,omitempty"`

	// SignUp says whether a person without an account gets one: "on" or "off". Empty: as `signup` says for everybody.
	SignUp string `json:"signup,omitempty"`

	// Domains are the e-mail domains whose people may sign in; empty: all.
	Domains []string `json:"domain,omitempty"`

	// Roles are given to an account that is created.
	Roles []string `json:"role,omitempty"`

	// Home are e-mail domains whose people are led here once they have typed their address.
	Home []string `json:"home,omitempty"`

	// Refresh is how often the source is asked again for groups and account state; 0: at sign-in only.
	Refresh Duration `json:"refresh,omitempty"`

	// TrustMFA accepts the source's own second factor for `mfa`.
	TrustMFA bool `json:"trust_mfa,omitempty"`
}

// Provider is an ability of drivers that have the settings of a provider. Embedding ProviderOptions is enough.
type Provider interface{ Common() ProviderOptions }

// Common returns the settings.
func (o ProviderOptions) Common() ProviderOptions { return o }

// Check returns an error for settings that contradict themselves.
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

// Level returns how many factors a proof of the source is worth: its own second factor counts where the operator
// trusts it.
func (o ProviderOptions) Level(id *Identity) int {
	if o.TrustMFA && slices.Contains(id.AMR, "mfa") {
		return 2
	}
	return 1
}

// Duration is written as "15m" in JSON, or as a number of nanoseconds.
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
