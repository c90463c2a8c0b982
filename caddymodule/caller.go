package caddymodule

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/cache"
)

// caller is who asks: a person's session (entry is set) or a program's token.
type caller struct {
	*identity
	entry *cache.Entry
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
	live, err := q.run.Portal.CheckToken(ctx, token)
	if problem, ok := errors.AsType[*authportal.Problem](err); ok && problem.Status == http.StatusUnauthorized {
		return nil, errBadToken
	}
	if err != nil {
		return nil, err
	}
	return &caller{identity: q.gate.identities.prepare(q.run, live)}, nil
}

// reread asks the store for the session of who, whatever is remembered of it.
func (q *question) reread(who *caller) error {
	entry, err := q.run.Sessions.Fresh(q.r.Context(), who.live.Session.Key)
	if err == nil {
		who.entry, who.identity = entry, q.gate.identityOf(q.run, entry)
	}
	return err
}

// storeTimeout bounds what a request waits for a store: 503 is due within 250 ms (CONTRACT §2.2).
const storeTimeout = 200 * time.Millisecond

// identityOf returns what this gate prepared of entry, preparing it with the first request.
func (g *Gate) identityOf(run *Running, entry *cache.Entry) *identity {
	return entry.Memo(g.generation, func(live *store.Live) any {
		return g.identities.prepare(run, live)
	}).(*identity)
}
