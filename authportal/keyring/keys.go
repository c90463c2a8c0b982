package keyring

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"
)

// minSecret is the least length of a root secret in bytes: a shorter one can be guessed from one sealed value.
const minSecret = 16

// Keys holds everything that derives from `secret`: the sealing keys, the key that signs identities, the fingerprint. A
// value sealed for one purpose does not open for another. Keys is safe for concurrent use.
type Keys struct {
	secrets []string // the first seals, all open
	rand    io.Reader

	mu    sync.RWMutex
	aeads map[string][]cipher.AEAD // by purpose, one per secret

	signing signingKeys
}

// New derives keys from the root secrets, the newest first. A nil random means crypto/rand.
func New(random io.Reader, secrets ...string) (*Keys, error) {
	if len(secrets) == 0 {
		return nil, errors.New("deriving keys: no secret")
	}
	for i, s := range secrets {
		if len(s) < minSecret {
			return nil, fmt.Errorf("deriving keys: secret %d of %d has %d bytes, at least %d are needed", i+1,
				len(secrets), len(s), minSecret)
		}
	}
	if random == nil {
		random = rand.Reader
	}
	k := &Keys{secrets: secrets, rand: random, aeads: map[string][]cipher.AEAD{}}
	if err := k.deriveSigning(); err != nil {
		return nil, err
	}
	return k, nil
}

func derive(secret, purpose string, n int) ([]byte, error) {
	// No salt: every gateway with the same secret must derive the same key.
	return hkdf.Key(sha256.New, []byte(secret), nil, "gatehouse/"+purpose, n)
}

// WebhookKeys returns the keys that sign webhook requests if none are configured, one for every secret: during a
// rotation, a receiver may know either.
func (k *Keys) WebhookKeys() (keys [][]byte, err error) {
	for _, s := range k.secrets {
		key, err := derive(s, "sign/webhook", 32)
		if err != nil {
			return nil, fmt.Errorf("deriving the key of the webhook: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func (k *Keys) aead(purpose string) ([]cipher.AEAD, error) {
	k.mu.RLock()
	a := k.aeads[purpose]
	k.mu.RUnlock()
	if a != nil {
		return a, nil
	}
	for _, s := range k.secrets {
		key, err := derive(s, "seal/"+purpose, chacha20poly1305.KeySize)
		if err != nil {
			return nil, fmt.Errorf("deriving the key for %s: %w", purpose, err)
		}
		c, err := chacha20poly1305.NewX(key)
		if err != nil {
			return nil, fmt.Errorf("deriving the key for %s: %w", purpose, err)
		}
		a = append(a, c)
	}
	k.mu.Lock()
	k.aeads[purpose] = a
	k.mu.Unlock()
	return a, nil
}

var sealed64 = base64.RawURLEncoding.Strict()

// Seal encrypts and authenticates plaintext for one purpose (a constant, never input), bound to the associated data ad.
// The result is safe in URLs, cookies and form fields. It does not contain ad; Open needs the same one.
func (k *Keys) Seal(purpose string, plaintext, ad []byte) (string, error) {
	a, err := k.aead(purpose)
	if err != nil {
		return "", err
	}
	// A random nonce of 192 bits does not repeat, so gateways need no common counter.
	buf := make([]byte, chacha20poly1305.NonceSizeX,
		chacha20poly1305.NonceSizeX+len(plaintext)+chacha20poly1305.Overhead)
	if _, err := io.ReadFull(k.rand, buf); err != nil {
		return "", fmt.Errorf("sealing for %s: %w", purpose, err)
	}
	return sealed64.EncodeToString(a[0].Seal(buf, buf, plaintext, ad)), nil
}

// ErrNotSealed is returned by Open for a value that Seal did not make for that purpose and ad under one of the secrets.
var ErrNotSealed = errors.New("not sealed by us")

// Open returns the plaintext of a value sealed under any of the secrets, or ErrNotSealed.
func (k *Keys) Open(purpose, sealed string, ad []byte) ([]byte, error) {
	raw, err := sealed64.DecodeString(sealed)
	if err != nil || len(raw) < chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead {
		return nil, ErrNotSealed
	}
	all, err := k.aead(purpose)
	if err != nil {
		return nil, err
	}
	nonce, box := raw[:chacha20poly1305.NonceSizeX], raw[chacha20poly1305.NonceSizeX:]
	for _, a := range all {
		if plain, err := a.Open(nil, nonce, box, ad); err == nil {
			return plain, nil
		}
	}
	return nil, ErrNotSealed
}
