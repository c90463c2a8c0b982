package caddymodule

import (
	"context"
	"errors"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/cache"
)

// caller is who asks: a person's session (entry is set) or a program's token.
type caller struct {
	*identity
	entry   *cache.Entry
	verdict *rolepolicy.Verdict // by which the caller was let in
}

// subject returns what a verdict asks about; nil for nobody.
func (c *caller) subject() *rolepolicy.Subject {
	if c == nil {
		return nil
	}
	return c.identity.subject
}

// proofs tells how and when the caller signed in.
func (c *caller) proofs() rolepolicy.Proofs {
	if c == nil {
		return rolepolicy.Proofs{}
	}
	return c.identity.proofs
}

// errBadToken: the request shows a token of ours that opens nothing. There is no falling back to a cookie (CONTRACT §2.2).
var errBadToken = errors.New("the token is unknown, expired or revoked")

func (q *question) byToken(token string) (*caller, error) {
	if token == "" {
		return nil, errBadToken
	}
	ctx, cancel := context.WithTimeout(q.r.Context(), storeTimeout)
	defer cancel()
	id, err := q.run.Portal.CheckToken(ctx, token)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errBadToken
	}
	if err != nil {
		return nil, err
	}
	prepared := q.gate.identities.prepare(&id, q.run.Roles, id.Roles)
	prepared.methods = []string{"token"}
	return &caller{identity: prepared}, nil
}

// session reads a session through the cache, within storeTimeout where the store must be asked.
func (run *Running) session(ctx context.Context, key store.Key) (*cache.Entry, error) {
	if entry, ok := run.Sessions.Cached(key); ok {
		return entry, nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return run.Sessions.Get(ctx, key)
}

// identityOf returns what this gate prepared of entry, preparing it with the first request.
func (g *Gate) identityOf(run *Running, entry *cache.Entry) *identity {
	return entry.Memo(g.generation, func() any {
		live := entry.Live()
		id := g.identities.prepare(&live.Identity, run.Roles, live.Identity.Roles)
		id.session = live.Session.SignIn()
		id.proofs = rolepolicy.Proofs{MFA: authportal.SecondFactor(live.Session.Proofs)}
		for _, proof := range live.Session.Proofs {
			id.methods = append(id.methods, proof.Method)
			id.proofs.AuthTime = later(id.proofs.AuthTime, proof.At)
		}
		return id
	}).(*identity)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
