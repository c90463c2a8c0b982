package keyring

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// signingKeys are the ES256 keys that sign identities, one per root secret. They are derived rather than stored: every
// gateway with the secret has them, without a race at the first start, and while the users store is unavailable. A leak
// of the secret is no worse for it: the secret opens everything already.
type signingKeys struct {
	signer jose.Signer
	set    []byte // the public keys, as jwks.json
}

func (k *Keys) deriveSigning() error {
	var set jose.JSONWebKeySet
	for i, s := range k.secrets {
		key, err := signingKey(s)
		if err != nil {
			return fmt.Errorf("deriving the signing key: %w", err)
		}
		jwk := jose.JSONWebKey{Key: key.Public(), Algorithm: string(jose.ES256), Use: "sig"}
		sum, err := jwk.Thumbprint(crypto.SHA256)
		if err != nil {
			return fmt.Errorf("deriving the signing key: %w", err)
		}
		jwk.KeyID = sealed64.EncodeToString(sum)
		set.Keys = append(set.Keys, jwk)
		if i > 0 {
			continue
		}
		k.signing.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256,
			Key: jose.JSONWebKey{Key: key, KeyID: jwk.KeyID}},
			(&jose.SignerOptions{}).WithType("JWT"))
		if err != nil {
			return fmt.Errorf("deriving the signing key: %w", err)
		}
	}
	var err error
	k.signing.set, err = json.Marshal(set)
	return err
}

// signingKey derives P-256 scalars from the secret until one is in range. The first one is, except for one secret in
// 2³².
func signingKey(secret string) (*ecdsa.PrivateKey, error) {
	for i := range 100 {
		b, err := derive(secret, fmt.Sprintf("sign/es256/%d", i), 32)
		if err != nil {
			return nil, err
		}
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), b); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("no scalar in range")
}

// JWKS returns the public keys that verify signed identities, as a JSON Web Key Set.
func (k *Keys) JWKS() []byte { return bytes.Clone(k.signing.set) }

// Sign returns a JWT with the claims in raw, as JSON, signed with ES256 under the first secret.
func (k *Keys) Sign(raw []byte) (string, error) {
	jws, err := k.signing.signer.Sign(raw)
	if err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	return token, nil
}
