package app

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/settings"
)

// MFA says who needs a second factor.
type MFA struct {
	// Who must have one: "all", "none", or "role:<name>" of those that need it. Default: nobody.
	Require []string `json:"require,omitempty"`
}

// errNoFactors: whoever would be asked for a factor that nobody can have is shut out.
var errNoFactors = errors.New("mfa is not available in this version: take it out, or use a version that has it")

// settings puts the block in the portal's words.
func (m *MFA) settings() (s settings.MFASettings, err error) {
	if m == nil {
		return s, nil
	}
	for _, who := range m.Require {
		role, named := strings.CutPrefix(who, "role:")
		switch {
		case who == "all":
			s.RequireAll = true
		case who == "none" && len(m.Require) == 1:
		case named && role != "":
			s.RequireRoles = append(s.RequireRoles, role)
		default:
			return s, fmt.Errorf("mfa: require %q is neither all, none nor role:<name>", who)
		}
	}
	return s, nil
}
