package signin

import (
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
)

// AnyoneSignsUp reports whether people without an invitation may make an account.
func (s *forms) AnyoneSignsUp() bool {
	return (s.set.Signup.Mode == settings.SignupOpen || s.set.Signup.Mode == settings.SignupApproval) && s.accounts.Passwords() != nil
}
