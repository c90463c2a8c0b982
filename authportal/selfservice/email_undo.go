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

// undoEmail returns an account to its old address by the link that was sent there. The account may be in the hands of
// an attacker: all sessions, API tokens, device cookies and the password are removed, and every factor and link added
// since the change was requested. Older factors stay, so that the mailbox alone gives no more access than it did
// before.
func (s *emails) undoEmail(c *web.Call, token string) (accounts.EmailMove, error) {
	const doing = "undoing a change of address"
	return s.useEmailLink(c, audit.EventEmailUndo, doing, func() (accounts.EmailMove, store.User, error) {
		return s.tryUndoEmail(c, token)
	})
}

// ClaimFor is the time that one click has to finish. If it is interrupted, for example by a crash, the link works again
// afterwards: an attacker must not keep access because the undo stopped halfway.
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
	if err := s.checkUndo(c.Ctx(), &u, &k, &m); err != nil {
		return m, u, err
	}
	now := s.now()
	if now.Sub(m.Claimed) < ClaimFor {
		return m, u, problem.InvalidLink
	}
	m.Claimed = now
	err = s.accounts.SwapEmailMove(c.Ctx(), k, &m)
	if errors.Is(err, store.ErrStale) || errors.Is(err, store.ErrNotFound) {
		return m, u, problem.InvalidLink
	} else if err != nil {
		return m, u, err
	}
	// The link is claimed: finish even if the client disconnects.
	ctx := context.WithoutCancel(c.Ctx())
	left := u.Email
	if left == m.Old {
		left = m.New // an earlier attempt was interrupted
	}
	after, err := s.accounts.TakeBack(ctx, &u, &m, k.ID)
	if err != nil {
		return m, u, accounts.Problem(err)
	}
	s.notifyUndone(c, ctx, &after, left)
	return m, after, nil
}

// checkUndo returns problem.InvalidLink unless the account has the address that the change gave it, or one that later
// self-service changes led to. An address that an administrator set since then is kept.
func (s *emails) checkUndo(ctx context.Context, u *store.User, k *store.Credential, m *accounts.EmailMove) error {
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

// notifyUndone sends the owner a link to set a new password, and notifies the address that lost the account.
func (s *emails) notifyUndone(c *web.Call, ctx context.Context, u *store.User, left string) {
	err := errors.Join(s.signin.EnqueueMail(c, message.EmailRestored, u.Email, message.Payload{User: u.ID, Who: left}),
		s.signin.EnqueueMail(c, message.EmailUndone, left, message.Payload{User: u.ID, Who: u.Email}))
	if err != nil {
		s.log.ErrorContext(ctx, "notifying of an undone email change failed", "user_id", u.ID, "error", err)
	}
}

// undoEmailAPI handles POST email/undo.
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

// undoEmailPage shows the change and a button. It does not spend the link: a mail scanner may have sent the GET.
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
