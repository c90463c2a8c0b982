package method

import (
	"encoding/json"
	"testing"
	"time"
)

func TestProviderOptionsInConfiguration(t *testing.T) {
	t.Run("a driver that embeds them reads them from its JSON", func(t *testing.T) {
		var driver struct {
			ProviderOptions
			ClientID string `json:"client_id"`
		}
		raw := `{"client_id":"x","label":"Corp","signup":"off","domain":["a.example"],"role":["member"],"home":["a.example"],"refresh":"15m","trust_mfa":true}`
		if err := json.Unmarshal([]byte(raw), &driver); err != nil {
			t.Fatal(err)
		}
		o := any(driver).(Provider).Common()
		if driver.ClientID != "x" || o.Label != "Corp" || o.SignUp != "off" || len(o.Domains) != 1 ||
			len(o.Roles) != 1 || len(o.Home) != 1 ||
			time.Duration(o.Refresh) != 15*time.Minute || !o.TrustMFA || o.Check() != nil {
			t.Errorf("%+v, %v", o, o.Check())
		}
	})
	t.Run("what contradicts itself is an error", func(t *testing.T) {
		for _, o := range []ProviderOptions{{SignUp: "maybe"}, {Refresh: -1}, {Domains: []string{""}},
			{Roles: []string{""}}, {Home: []string{""}}} {
			if o.Check() == nil {
				t.Errorf("%+v", o)
			}
		}
	})
	t.Run("durations are text or nanoseconds", func(t *testing.T) {
		for raw, want := range map[string]time.Duration{`"90s"`: 90 * time.Second, `1000`: 1000, `"0s"`: 0} {
			var d Duration
			if err := json.Unmarshal([]byte(raw), &d); err != nil || time.Duration(d) != want {
				t.Errorf("%s: %v, %v", raw, d, err)
			}
		}
		for _, raw := range []string{`"often"`, `true`, `"15"`} {
			var d Duration
			if json.Unmarshal([]byte(raw), &d) == nil {
				t.Errorf("%s: %v", raw, d)
			}
		}
	})
	t.Run("a second factor of the source counts where it is trusted", func(t *testing.T) {
		mfa := &Identity{AMR: []string{"pwd", "mfa"}}
		if (ProviderOptions{TrustMFA: true}).Level(mfa) != 2 || (ProviderOptions{}).Level(mfa) != 1 ||
			(ProviderOptions{TrustMFA: true}).Level(&Identity{AMR: []string{"pwd"}}) != 1 {
			t.Error("another level")
		}
	})
}
