package authportal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// undoEmail gives an account back to its old address, whose mailbox has the link. Whoever moved the account away may be
// inside: every sign-in, token and known browser goes, the password too, and every factor and link from since it was asked
// for. A factor from before stays: the mailbox alone opens nothing that it did not open then.
func (c *call) undoEmail(token string) (emailMove, error) {
	return c.byEmailLink(EventEmailUndo, "undoing a change of address", token, c.tryUndoEmail)
}

// claimFor is how long one click has to finish. The link of one that was cut off in between works again after that: half
// of an undoing would leave inside whom it is to put out.
const claimFor = time.Minute

func (c *call) tryUndoEmail(token string) (m emailMove, u store.User, err error) {
	m, k, err := c.p.openEmailLink(c.ctx(), store.KindEmailUndo, token)
	if err != nil {
		return m, u, err
	}
	if u, err = c.p.users.User(c.ctx(), k.Owner); errors.Is(err, store.ErrNotFound) {
		return m, store.User{}, errMailToken
	} else if err != nil {
		return m, u, err
	}
	if err := c.p.mayUndo(c.ctx(), &u, &k, &m); err != nil {
		return m, u, err
	}
	now := c.p.now()
	if now.Sub(m.Claimed) < claimFor {
		return m, u, errMailToken
	}
	m.Claimed = now
	if err := c.p.accounts.swapEmailMove(c.ctx(), k, &m); errors.Is(err, store.ErrStale) || errors.Is(err, store.ErrNotFound) {
		return m, u, errMailToken
	} else if err != nil {
		return m, u, err
	}
	// Nobody hangs up between the address and what goes with it.
	ctx := context.WithoutCancel(c.ctx())
	left := u.Email
	if left == m.Old {
		left = m.New // an undoing that was cut off
	}
	after, err := c.p.accounts.takeBack(ctx, &u, &m, k.ID)
	if err != nil {
		return m, u, accountProblem(err)
	}
	c.tellUndone(ctx, &after, left)
	return m, after, nil
}

// mayUndo tells whether the account is where the change took it, or where changes of its own took it from there. An address that
// an administrator set since stands.
func (p *Portal) mayUndo(ctx context.Context, u *store.User, k *store.Credential, m *emailMove) error {
	if !u.Enabled || !u.Approved {
		return errMailToken
	}
	list, err := p.users.CredentialsOf(ctx, u.ID, store.KindEmailUndo)
	if err != nil {
		return err
	}
	at, seen := m.New, false
	for i := range list {
		if !seen {
			seen = list[i].ID == k.ID
			continue
		}
		var later emailMove
		if err := json.Unmarshal(list[i].Data, &later); err != nil {
			return fmt.Errorf("reading a change of address: %w", err)
		}
		if later.Old == at {
			at = later.New
		}
	}
	cutOff := u.Email == m.Old && !m.Claimed.IsZero()
	if u.Email != at && !cutOff {
		return errMailToken
	}
	other, err := p.users.FindUser(ctx, m.Old)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case other.ID != u.ID && other.Email == m.Old:
		return errUserExists
	}
	return nil
}

// tellUndone sends the owner the link of a new password, and tells the address that the account was at.
func (c *call) tellUndone(ctx context.Context, u *store.User, left string) {
	err := errors.Join(c.post(mailEmailRestored, u.Email, about{User: u.ID, Who: left}),
		c.post(mailEmailUndone, left, about{User: u.ID, Who: u.Email}))
	if err != nil {
		c.p.log.ErrorContext(ctx, "an undone change of address could not be told", "user_id", u.ID, "error", err)
	}
}

// undoEmailAPI answers POST email/undo.
func (c *call) undoEmailAPI() error {
	f, err := c.jsonFields("token")
	if err != nil {
		return err
	}
	if _, err := c.undoEmail(f["token"]); err != nil {
		return err
	}
	return c.json(http.StatusOK, map[string]string{"status": "restored"})
}

// undoEmailPage takes nothing: a GET may be a scanner's.
func (c *call) undoEmailPage() error {
	return c.showEmail(http.StatusOK, store.KindEmailUndo, c.r.URL.Query().Get("token"), nil)
}

func (c *call) undoEmailForm() error {
	f, err := c.formFields("token")
	if err != nil {
		return err
	}
	m, err := c.undoEmail(f["token"])
	return c.emailDone(store.KindEmailUndo, f["token"], &m, err)
}
