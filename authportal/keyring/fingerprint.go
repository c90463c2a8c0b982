package keyring

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse-auth/gatehouse/store"
)

// settingFingerprint is the setting of the users store that holds the fingerprint.
const settingFingerprint = "key.fingerprint"

// ErrOtherKey means that the users store belongs to gateways with another secret.
var ErrOtherKey = errors.New("the users store was set up with another secret")

// Fingerprint returns the fingerprint of the sealing key. It may be published: it distinguishes keys and reveals
// nothing of them.
func (k *Keys) Fingerprint() (string, error) { return fingerprint(k.secrets[0]) }

func fingerprint(secret string) (string, error) {
	b, err := derive(secret, "fingerprint", 16)
	if err != nil {
		return "", fmt.Errorf("deriving the fingerprint: %w", err)
	}
	return hex.EncodeToString(b), nil
}

// CheckFingerprint compares the key with the fingerprint in the users store, and stores it if there is none. A gateway
// whose secrets do not include the key of the store gets ErrOtherKey and must not start: it could not open hand-offs
// and sealed factors of the others.
//
// To change the key: add the new secret behind the old one on every gateway, reload them all, put the new one first,
// reload again, and drop the old one when nothing sealed with it is left (30 minutes for sign-ins in progress). The
// store gets the fingerprint of the first key of the gateway that started last, so that during the change gateways
// with either order can start.
func (k *Keys) CheckFingerprint(ctx context.Context, users store.UserStore) error {
	var known []string
	for _, s := range k.secrets {
		f, err := fingerprint(s)
		if err != nil {
			return err
		}
		known = append(known, f)
	}
	for range 3 { // another gateway may start at the same moment
		old, err := users.Setting(ctx, settingFingerprint)
		switch {
		case errors.Is(err, store.ErrNotFound):
			old = nil
		case err != nil:
			return fmt.Errorf("reading the fingerprint of the secret: %w", err)
		case string(old) == known[0]:
			return nil
		case !slices.Contains(known, string(old)):
			return fmt.Errorf("%w (it has %s, ours is %s): give this gateway the secret of the others, "+
				"or list theirs behind the new one",
				ErrOtherKey, old, known[0])
		}
		err = users.PutSetting(ctx, settingFingerprint, old, []byte(known[0]))
		if err == nil {
			return nil
		}
		if !errors.Is(err, store.ErrStale) {
			return fmt.Errorf("keeping the fingerprint of the secret: %w", err)
		}
	}
	return fmt.Errorf("keeping the fingerprint of the secret: %w", store.ErrStale)
}
