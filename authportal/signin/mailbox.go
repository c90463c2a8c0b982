package signin

import (
	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// ProveMailbox confirms the address of an account whose mailbox was proved; see [accounts.Accounts.ProveMailbox]. It
// records the event, and sends the notice that the account waits for approval.
func (s *dispatcher) ProveMailbox(c *web.Call, u store.User) (store.User, error) {
	after, err := s.accounts.ProveMailbox(c.Ctx(), u)
	if err != nil || u.Confirmed {
		return after, accounts.Problem(err)
	}
	c.Emit(audit.Event{Kind: audit.EventEmailConfirm, Result: audit.ResultOK, Reason: "set before: voided",
		UserID: u.ID, Username: after.Username})
	if !after.Approved {
		err = s.guard.EnqueueMail(c, message.Waiting, after.Email, message.Payload{User: after.ID})
	}
	return after, err
}
