package signin

import (
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// PasswordChanged notifies the owner by email. A failure to queue the message does not undo the change.
func (s *dispatcher) PasswordChanged(c *web.Call, u *store.User) {
	if !s.callers.Mails() || !u.Confirmed {
		return
	}
	if err := s.guard.EnqueueMail(c, message.Password, u.Email, message.Payload{User: u.ID}); err != nil {
		s.log.WarnContext(c.Ctx(), "queueing the notice of a new password failed", "user_id", u.ID, "error", err)
	}
}
