package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/onetime"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// A change of address is stored as a credential: of the kind email_change until it is confirmed, then of the kind
// email_undo for as long as it can be undone.

// EmailMove is the Data of both kinds.
type EmailMove struct {
	Old      string          `json:"old,omitempty"` // the previous address; empty: there was none
	New      string          `json:"new"`
	Password int64           `json:"password,omitempty"` // version of the password at the request
	Asked    time.Time       `json:"asked"`
	Keys     onetime.Secrets `json:"keys,omitempty"`   // of its links
	Claimed  time.Time       `json:"claimed,omitzero"` // when an undo began
}

// email is the label: the address whose mailbox gets the link.
func (m *EmailMove) email(kind string) string {
	if kind == store.KindEmailUndo {
		return m.Old
	}
	return m.New
}

// EmailUndoLife is how long a change of address can be undone.
const EmailUndoLife = 7 * 24 * time.Hour

// AskEmailMove stores a requested change, replaces earlier ones, and returns its id. Two concurrent requests both stay
// until one of them is confirmed.
func (a *changes) AskEmailMove(ctx context.Context, user string, m EmailMove,
	life time.Duration) (id string, err error) {
	if err := a.core.deleteKinds(ctx, user, store.KindEmailChange); err != nil {
		return "", fmt.Errorf("ending a change of address: %w", err)
	}
	return a.putEmailMove(ctx, store.KindEmailChange, user, m, life)
}

// putEmailMove stores a change under a new id.
func (a *changes) putEmailMove(ctx context.Context, kind, user string, m EmailMove,
	life time.Duration) (id string, err error) {
	if id, err = a.core.newID(); err != nil {
		return "", err
	}
	data, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	now := a.now()
	k := store.Credential{Kind: kind, ID: id, Owner: user, Label: m.email(kind), Data: data, Created: now,
		Expires: now.Add(life)}
	if err := a.users.PutCredential(ctx, k); err != nil {
		return "", fmt.Errorf("storing a change of address: %w", err)
	}
	return id, nil
}

// SwapEmailMove stores a changed m; store.ErrStale if another call was first.
func (a *changes) SwapEmailMove(ctx context.Context, k store.Credential, m *EmailMove) (err error) {
	if k.Data, err = json.Marshal(m); err != nil {
		return err
	}
	return a.users.SwapCredential(ctx, k)
}

// TakeEmailMove deletes a pending change. Of concurrent callers one succeeds; the others get store.ErrNotFound.
func (a *changes) TakeEmailMove(ctx context.Context, k *store.Credential) error {
	return a.users.DeleteCredential(ctx, k.Kind, k.ID)
}

// MoveEmail gives the account its new address, and returns the id of the undo, which is empty if the old address was
// not confirmed. It stores the undo before the change. may decides on the account as it is stored at that moment.
func (a *changes) MoveEmail(ctx context.Context, u *store.User, m *EmailMove,
	may func(*store.User) error) (after store.User, undo string, err error) {
	if u.Confirmed && u.Email != "" && u.Email == m.Old {
		undo, err = a.putEmailMove(ctx, store.KindEmailUndo, u.ID,
			EmailMove{Old: m.Old, New: m.New, Asked: m.Asked}, EmailUndoLife)
		if err != nil {
			return after, "", err
		}
	}
	_, after, err = a.core.update(ctx, u.ID, func(u *store.User) error {
		if err := may(u); err != nil {
			return err
		}
		return a.apply(u, UserChange{Email: &m.New})
	})
	if err != nil && undo != "" {
		if e := a.users.DeleteCredential(ctx, store.KindEmailUndo, undo); e != nil && !errors.Is(e, store.ErrNotFound) {
			err = errors.Join(err, e)
		}
	}
	return after, undo, err
}

// TakeBack gives an account back to its previous address. It restores the address first: if the rest is cut off, the
// owner can still reset the password. undo is the id of the change that is undone.
func (a *changes) TakeBack(ctx context.Context, u *store.User, m *EmailMove, undo string) (store.User, error) {
	_, after, err := a.core.update(ctx, u.ID, func(now *store.User) error {
		if now.Email != u.Email || !now.Enabled || !now.Approved {
			return problem.InvalidLink
		}
		return a.apply(now, UserChange{Email: &m.Old})
	})
	if err != nil {
		return after, err
	}
	if _, err := a.core.carryOut(ctx,
		recoveryAct{act: RecoveryEmailUndo, account: u.ID, since: m.Asked, spare: undo}); err != nil {
		return after, err
	}
	if err := a.users.DeleteCredential(ctx, store.KindEmailUndo,
		undo); err != nil && !errors.Is(err, store.ErrNotFound) {
		return after, fmt.Errorf("ending a link: %w", err)
	}
	return after, nil
}
