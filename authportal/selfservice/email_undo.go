package selfservice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// undoEmail gives an account back to its old address, whose mailbox has the link. Whoever moved the account away may be
// inside: every sign-in, token and known browser goes, the password too, and every factor and link from since it was
// asked for. A factor from before stays: the mailbox alone opens nothing that it did not open then.
func (s *emails) undoEmail(c *web.Call, token string) (accounts.EmailMove, error) {
	return s.byEmailLink(c, audit.EventEmailUndo, "undoing a change of address", token, func(token string) (accounts.EmailMove, store.User, error) { return s.tryUndoEmail(c, token) })
}

// ClaimFor is how long one click has to finish. The link of one that was cut off in between works again after that:
// half of an undoing would leave inside whom it is to put out.
const ClaimFor = time.Minute

func (s *emails) tryUndoEmail(c *web.Call, token string) (m accounts.EmailMove, u store.User, err error) {
	m, k, err := s.openEmailLink(c.Ctx(), store.KindEmailUndo, token)
	if err != nil {
		return m, u, err
	}
	if u, err = s.users.User(c.Ctx(), k.Owner); errors.Is(err, store.ErrNotFound) {
		return m, store.User{}, problem.InvalidLink
	} else if err != nil {
		return m, u, err
	}
	if err := s.mayUndo(c.Ctx(), &u, &k, &m); err != nil {
		return m, u, err
	}
	now := s.now()
	if now.Sub(m.Claimed) < ClaimFor {
		return m, u, problem.InvalidLink
	}
	m.Claimed = now
	if err := s.accounts.SwapEmailMove(c.Ctx(), k, &m); errors.Is(err, store.ErrStale) || errors.Is(err, store.ErrNotFound) {
		return m, u, problem.InvalidLink
	} else if err != nil {
		return m, u, err
	}
	// Nobody hangs up between the address and what goes with it.
	ctx := context.WithoutCancel(c.Ctx())
	left := u.Email
	if left == m.Old {
		left = m.New // an undoing that was cut off
	}
	after, err := s.accounts.TakeBack(ctx, &u, &m, k.ID)
	if err != nil {
		return m, u, accounts.Problem(err)
	}
	s.tellUndone(c, ctx, &after, left)
	return m, after, nil
}

// mayUndo reports whether the account is where the change took it, or where changes of its own took it from there. An
// address that an administrator set since stands.
func (s *emails) mayUndo(ctx context.Context, u *store.User, k *store.Credential, m *accounts.EmailMove) error {
	if !u.Enabled || !u.Approved {
		return problem.InvalidLink
	}
	list, err := s.users.CredentialsOf(ctx, u.ID, store.KindEmailUndo)
	if err != nil {
		return err
	}
	at, seen := m.New, false
	for i := range list {
		if !seen {
			seen = list[i].ID == k.ID
			continue
		}
		var later accounts.EmailMove
		if err := json.Unmarshal(list[i].Data, &later); err != nil {
			return fmt.Errorf("reading a change of address: %w", err)
		}
		if later.Old == at {
			at = later.New
		}
	}
	cutOff := u.Email == m.Old && !m.Claimed.IsZero()
	if u.Email != at && !cutOff {
		return problem.InvalidLink
	}
	other, err := s.users.FindUser(ctx, m.Old)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case other.ID != u.ID && other.Email == m.Old:
		return problem.UserExists
	}
	return nil
}

// tellUndone sends the owner the link of a new password, and tells the address that the account was at.
func (s *emails) tellUndone(c *web.Call, ctx context.Context, u *store.User, left string) {
	err := errors.Join(s.signin.EnqueueMail(c, message.EmailRestored, u.Email, message.Payload{User: u.ID, Who: left}),
		s.signin.EnqueueMail(c, message.EmailUndone, left, message.Payload{User: u.ID, Who: u.Email}))
	if err != nil {
		s.log.ErrorContext(ctx, "an undone change of address could not be told", "user_id", u.ID, "error", err)
	}
}

// undoEmailAPI answers POST email/undo.
func (s *emails) undoEmailAPI(c *web.Call) error {
	f, err := c.JSONFields("token")
	if err != nil {
		return err
	}
	if _, err := s.undoEmail(c, f["token"]); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]string{"status": "restored"})
}

// undoEmailPage takes nothing: a GET may be a scanner's.
func (s *emails) undoEmailPage(c *web.Call) error {
	return s.showEmail(c, http.StatusOK, store.KindEmailUndo, c.Request.URL.Query().Get("token"), nil)
}

func (s *emails) undoEmailForm(c *web.Call) error {
	f, err := c.FormFields("token")
	if err != nil {
		return err
	}
	m, err := s.undoEmail(c, f["token"])
	return s.emailDone(c, store.KindEmailUndo, f["token"], &m, err)
}
