package accounts

import (
	"context"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/store"
)

// AddCredential stores a newly enrolled credential.
func (a *core) AddCredential(ctx context.Context, k store.Credential) error {
	if err := a.users.PutCredential(ctx, k); err != nil {
		return fmt.Errorf("storing a credential of kind %s: %w", k.Kind, err)
	}
	return nil
}
