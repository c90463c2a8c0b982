package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
)

// storedSecret is where Caddy's storage keeps the secret that was made because none was configured. Instances that
// share the storage share it.
const storedSecret = "gatehouse/secret"

// expandSecrets replaces placeholders. The results stay in an unexported field, because events and debug logs print
// modules.
func (a *App) expandSecrets() error {
	if len(a.Secret) == 0 {
		return nil
	}
	repl := caddy.NewReplacer()
	for i, raw := range a.Secret {
		value, err := repl.ReplaceOrErr(raw, true, true)
		if err == nil && value == "" {
			err = errors.New("it is empty")
		}
		if err != nil {
			return fmt.Errorf("%ssecret %d: %w: set what the placeholder names, or write another secret", site.At(a.Source), i+1,
				err)
		}
		a.secrets = append(a.secrets, value)
	}
	if _, err := keyring.New(nil, a.secrets...); err != nil {
		return fmt.Errorf("%ssecret: %w", site.At(a.Source), err)
	}
	return nil
}

// keys derives every key from the configured secrets, or from the one in Caddy's storage, and holds them against the
// users store.
func (a *App) keys(ctx context.Context, stores *engine) (*keyring.Keys, error) {
	if a.secrets != nil {
		keys, err := keyring.New(nil, a.secrets...)
		if err != nil {
			return nil, err
		}
		return keys, stores.check(ctx, keys)
	}
	storage := a.ctx.Storage()
	if raw, err := storage.Load(ctx, storedSecret); err == nil {
		return a.checkedKeys(ctx, stores, raw)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the secret from Caddy's storage: %w", err)
	}
	return a.makeSecret(ctx, stores)
}

func (a *App) checkedKeys(ctx context.Context, stores *engine, raw []byte) (*keyring.Keys, error) {
	keys, err := keyring.New(nil, strings.TrimSpace(string(raw)))
	if err != nil {
		return nil, fmt.Errorf("the secret in Caddy's storage: %w", err)
	}
	return keys, stores.check(ctx, keys)
}

// makeSecret makes one, once: two instances that start together agree by the storage's lock. It is kept before the
// users store learns its fingerprint, and taken back where that belongs to another secret, so that neither is ever
// there alone.
func (a *App) makeSecret(ctx context.Context, stores *engine) (*keyring.Keys, error) {
	storage := a.ctx.Storage()
	if err := storage.Lock(ctx, storedSecret); err != nil {
		return nil, fmt.Errorf("locking the secret in Caddy's storage: %w", err)
	}
	defer func() { _ = storage.Unlock(context.WithoutCancel(ctx), storedSecret) }()
	if raw, err := storage.Load(ctx, storedSecret); err == nil { // another instance was faster
		return a.checkedKeys(ctx, stores, raw)
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	raw := []byte(base64.RawURLEncoding.EncodeToString(random))
	if err := storage.Store(ctx, storedSecret, raw); err != nil {
		return nil, fmt.Errorf("keeping the secret in Caddy's storage: %w", err)
	}
	keys, err := a.checkedKeys(ctx, stores, raw)
	if err != nil {
		err = errors.Join(err, storage.Delete(context.WithoutCancel(ctx), storedSecret))
		if errors.Is(err, keyring.ErrOtherKey) {
			err = fmt.Errorf("%w: %w", errNoSecret, err)
		}
		return nil, err
	}
	return keys, nil
}
