package authportal

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/store"
)

// ClearFactors takes from an account everything by which a browser or device of its owner is known: second factors, and the
// marks of browsers that signed in before. The password and the API tokens stay, and so do sessions.
func (a *Accounts) ClearFactors(ctx context.Context, by By, id string) error {
	u, err := a.users.User(ctx, id)
	if err != nil {
		return accountProblem(err)
	}
	creds, err := a.users.CredentialsOf(ctx, id, "")
	if err != nil {
		return fmt.Errorf("reading credentials: %w", err)
	}
	for _, c := range creds {
		switch c.Kind {
		case store.KindPassword, store.KindAPIToken, store.KindEmailChange, store.KindEmailUndo:
			continue
		}
		if err := a.users.DeleteCredential(ctx, c.Kind, c.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("deleting a credential: %w", err)
		}
	}
	a.emit(ctx, by, Event{Kind: EventUserChange, Result: ResultOK, Reason: "factors", UserID: id, Username: u.Username})
	return nil
}
