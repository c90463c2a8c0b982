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

// minSecret is the least length of a root secret: what is shorter can be guessed from one sealed value.
const minSecret = 16

// Keys is everything that derives from `secret`: keys that seal, the key that signs identities, the fingerprint. One
// purpose never opens what another sealed. It is safe for concurrent use.
type Keys struct {
	secrets []string // the first seals, all open
	rand    io.Reader

	mu    sync.RWMutex
	aeads map[string][]cipher.AEAD // by purpose, one per secret

	signing signingKeys
}

// New derives from the root secrets, the newest first. A nil random source means crypto/rand.
func New(random io.Reader, secrets ...string) (*Keys, error) {
	if len(secrets) == 0 {
		return nil, errors.New("deriving keys: no secret")
	}
	for i, s := range secrets {
		if len(s) < minSecret {
			return nil, fmt.Errorf("deriving keys: secret %d of %d has %d bytes, at least %d are needed", i+1, len(secrets), len(s), minSecret)
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
	// No salt: every gateway with the same secret must arrive at the same key.
	return hkdf.Key(sha256.New, []byte(secret), nil, "gatehouse/"+purpose, n)
}

// WebhookKeys returns the keys that sign what the webhook posts where it has none of its own, one for every secret:
// while the secret is exchanged, a receiver may know the older or the newer one.
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

// Seal encrypts and authenticates plaintext for one purpose (a constant of the code, never input), bound to ad, and
// returns it fit for URLs, cookies and form fields. ad is not part of the value: who opens it must know it.
func (k *Keys) Seal(purpose string, plaintext, ad []byte) (string, error) {
	a, err := k.aead(purpose)
	if err != nil {
		return "", err
	}
	// 192 random bits never meet twice, so that no counter need be kept between gateways.
	buf := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(plaintext)+chacha20poly1305.Overhead)
	if _, err := io.ReadFull(k.rand, buf); err != nil {
		return "", fmt.Errorf("sealing for %s: %w", purpose, err)
	}
	return sealed64.EncodeToString(a[0].Seal(buf, buf, plaintext, ad)), nil
}

// ErrNotSealed is returned by Open for whatever Seal did not make, for that purpose and ad, under one of the secrets.
var ErrNotSealed = errors.New("not sealed by us")

// Open returns what was sealed under any of the secrets, or ErrNotSealed.
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
