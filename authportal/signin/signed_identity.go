package signin

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	signedLife  = 5 * time.Minute // of a signed identity
	signedReuse = time.Minute     // how long the same one is reused
	signedKept  = 16384           // entries of the cache
)

// signedCache caches signed identities, so that a busy session costs one signature a minute.
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

// claims are the claims that an upstream may rely on (docs/gate.md).
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

// SignIdentity returns the signed identity for the upstream of this visit: an ES256 JWT (RFC 7519) issued by the
// portal's address for the host as audience, valid for five minutes. It may return the same one for a minute.
func (s *callers) SignIdentity(v *web.Visit, active *store.ActiveSession) (string, error) {
	now, proved := s.now(), lastProof(active.Session.Proofs)
	key := signedKey{key: active.Session.Key, host: v.Host, issuer: s.issuer(v)}
	if cached, ok := s.signed.c.GetIfPresent(key); ok && cached.version == active.Identity.Version &&
		cached.proved.Equal(proved) &&
		cached.roles == len(active.Identity.Roles) && now.Sub(cached.at) < signedReuse && !now.Before(cached.at) {
		return cached.token, nil
	}
	body := claims{
		Issuer: key.issuer, Audience: v.Host, Subject: active.Identity.UserID, IssuedAt: now.Unix(),
		Expires: now.Add(signedLife).Unix(), Email: active.Identity.Email, Name: active.Identity.Name,
		Roles: s.expandRoles(active.Identity.Roles), AMR: methodsOf(active.Session.Proofs),
	}
	if body.Roles == nil {
		body.Roles = []string{}
	}
	if e := active.Session.Expires; !e.IsZero() && e.Unix() < body.Expires {
		body.Expires = e.Unix() // never outlives the session
	}
	if !proved.IsZero() {
		body.AuthTime = proved.Unix()
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("signing an identity: %w", err)
	}
	token, err := s.keys.Sign(raw)
	if err != nil {
		return "", fmt.Errorf("signing an identity: %w", err)
	}
	s.signed.c.Set(key, &signedIdentity{token: token, at: now, version: active.Identity.Version, proved: proved,
		roles: len(active.Identity.Roles)})
	return token, nil
}

// issuer returns the address of the portal that serves this visit.
func (s *callers) issuer(v *web.Visit) string {
	if v.Site.PortalBase != "" {
		return v.Site.PortalBase
	}
	return strings.TrimSuffix(v.Origin+v.Base, "/")
}

// methodsOf returns the distinct methods of the proofs in order.
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
