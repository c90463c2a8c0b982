package method

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/store"
)

// PasswordVersion returns the version of an account's password; zero where it has none, or there is no such account.
// What was made while another password was there is worth nothing: links, codes and changes that wait keep the version
// and compare.
func PasswordVersion(ctx context.Context, credentials store.Credentials, user string) (int64, error) {
	k, err := credentials.Credential(ctx, store.KindPassword, user)
	if errors.Is(err, store.ErrNotFound) || err == nil && k.Owner != user {
		return 0, nil
	} else if err != nil {
		return 0, fmt.Errorf("reading the password: %w", err)
	}
	return k.Version, nil
}
