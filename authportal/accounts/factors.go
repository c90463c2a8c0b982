package accounts

import (
	"context"
	"fmt"
	"slices"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// ClearFactors removes the second factors, device cookies and sign-in tickets of an account. Its password, linked
// identities, API tokens and sessions stay.
func (a *core) ClearFactors(ctx context.Context, by Actor, id string) error {
	u, err := a.users.User(ctx, id)
	if err != nil {
		return Problem(err)
	}
	if _, err := a.carryOut(ctx, recoveryAct{act: RecoveryFactors, account: id}); err != nil {
		return fmt.Errorf("clearing factors: %w", err)
	}
	a.Emit(ctx, by, audit.Event{Kind: audit.EventUserChange, Result: audit.ResultOK, Reason: "factors", UserID: id,
		Username: u.Username})
	return nil
}

// Factors returns the second factors of an account.
func (a *core) Factors(ctx context.Context, id string) ([]store.Credential, error) {
	list, err := a.users.CredentialsOf(ctx, id, "")
	if err != nil {
		return nil, fmt.Errorf("reading credentials: %w", err)
	}
	return slices.DeleteFunc(list, func(k store.Credential) bool { return a.kinds[k.Kind] != method.ClassFactor }), nil
}
