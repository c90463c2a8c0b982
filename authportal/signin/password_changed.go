package signin

import (
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// PasswordChanged tells the owner by mail. The change stands, whether it can be told or not.
func (s *dispatcher) PasswordChanged(c *web.Call, u *store.User) {
	if !s.callers.Mails() || !u.Confirmed {
		return
	}
	if err := s.guard.EnqueueMail(c, message.Password, u.Email, message.Payload{User: u.ID}); err != nil {
		s.log.WarnContext(c.Ctx(), "the owner could not be told of a new password", "user_id", u.ID, "error", err)
	}
}
