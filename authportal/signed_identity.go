package authportal

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/maypok86/otter/v2"

	"github.com/gatehouse-auth/gatehouse/store"
)

// signingKeys are the ES256 keys that sign identities, one per root secret. They are derived rather than stored: every
// gateway with the secret has them, without a race at the first start, and an upstream verifies identities while the
// users database is away. Whoever holds the secret can do all that a signature could.
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
		k.signing.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: jwk.KeyID}},
			(&jose.SignerOptions{}).WithType("JWT"))
		if err != nil {
			return fmt.Errorf("deriving the signing key: %w", err)
		}
	}
	var err error
	k.signing.set, err = json.Marshal(set)
	return err
}

// signingKey draws P-256 scalars from the secret until one is in range; the first is, but for one secret in 2³².
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
	return nil, fmt.Errorf("no scalar in range")
}

// JWKS returns the public keys that verify signed identities, as a JSON Web Key Set.
func (k *Keys) JWKS() []byte { return bytes.Clone(k.signing.set) }

const (
	signedLife  = 5 * time.Minute // of a signed identity
	signedReuse = time.Minute     // for which the same one is handed out again
	signedKept  = 16384           // identities kept at once
)

// signedCache keeps signed identities for a minute, so that a busy session costs one signature a minute and not one a
// request.
type signedCache struct {
	c *otter.Cache[signedKey, *signedIdentity]
}

type signedKey struct {
	key    store.Key
	host   string
	issuer string
}

type signedIdentity struct {
	token   string
	at      time.Time
	version int64
	proved  time.Time
	roles   int
}

func newSignedCache() *signedCache {
	return &signedCache{c: otter.Must(&otter.Options[signedKey, *signedIdentity]{MaximumSize: signedKept})}
}

// claims are those of CONTRACT §3.
type claims struct {
	Issuer   string   `json:"iss"`
	Audience string   `json:"aud"`
	Subject  string   `json:"sub"`
	IssuedAt int64    `json:"iat"`
	Expires  int64    `json:"exp"`
	Email    string   `json:"email,omitempty"`
	Name     string   `json:"name,omitempty"`
	Roles    []string `json:"roles"`
	AMR      []string `json:"amr"`
	AuthTime int64    `json:"auth_time,omitempty"`
}

// SignIdentity returns the signed identity of l for the upstream of this visit: an ES256 JWT whose issuer is the
// portal's address, whose audience is the host, and which is good for five minutes. The same one may be returned for a minute.
func (p *Portal) SignIdentity(v *Visit, l *store.Live) (string, error) {
	now, proved := p.now(), lastProof(l.Session.Proofs)
	key := signedKey{key: l.Session.Key, host: v.Host, issuer: p.issuer(v)}
	if s, ok := p.signed.c.GetIfPresent(key); ok && s.version == l.Identity.Version && s.proved.Equal(proved) &&
		s.roles == len(l.Identity.Roles) && now.Sub(s.at) < signedReuse && !now.Before(s.at) {
		return s.token, nil
	}
	body := claims{
		Issuer: key.issuer, Audience: v.Host, Subject: l.Identity.UserID, IssuedAt: now.Unix(), Expires: now.Add(signedLife).Unix(),
		Email: l.Identity.Email, Name: l.Identity.Name, Roles: p.expand(l.Identity.Roles), AMR: methodsOf(l.Session.Proofs),
	}
	if body.Roles == nil {
		body.Roles = []string{}
	}
	if e := l.Session.Expires; !e.IsZero() && e.Unix() < body.Expires {
		body.Expires = e.Unix() // never outlives what it speaks for
	}
	if !proved.IsZero() {
		body.AuthTime = proved.Unix()
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("signing an identity: %w", err)
	}
	jws, err := p.keys.signing.signer.Sign(raw)
	if err != nil {
		return "", fmt.Errorf("signing an identity: %w", err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("signing an identity: %w", err)
	}
	p.signed.c.Set(key, &signedIdentity{token: token, at: now, version: l.Identity.Version, proved: proved, roles: len(l.Identity.Roles)})
	return token, nil
}

// issuer is the address of the portal that serves the visit's pages.
func (p *Portal) issuer(v *Visit) string {
	if v.Site.PortalBase != "" {
		return v.Site.PortalBase
	}
	return strings.TrimSuffix(v.Origin+v.Base, "/")
}

// methodsOf returns the distinct methods of proofs, first to last.
func methodsOf(proofs []store.Proof) []string {
	out := make([]string, 0, len(proofs))
next:
	for _, p := range proofs {
		for _, have := range out {
			if have == p.Method {
				continue next
			}
		}
		out = append(out, p.Method)
	}
	return out
}
