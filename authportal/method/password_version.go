package method

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/store"
)

// PasswordVersion returns the version of an account's password; 0 if it has none or does not exist. Links, codes and
// pending changes store the version and are void once it differs.
func PasswordVersion(ctx context.Context, credentials store.Credentials, user string) (int64, error) {
	k, err := credentials.Credential(ctx, store.KindPassword, user)
	if errors.Is(err, store.ErrNotFound) || err == nil && k.Owner != user {
		return 0, nil
	} else if err != nil {
		return 0, fmt.Errorf("reading the password: %w", err)
	}
	return k.Version, nil
}
