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

// subject returns what a verdict asks about; nil for nobody.
func (q *question) subject() *rolepolicy.Subject {
	if q.identity == nil {
		return nil
	}
	return q.identity.subject
}

// proofs tells how and when whoever asks signed in.
func (q *question) proofs() rolepolicy.Proofs {
	if q.identity == nil {
		return rolepolicy.Proofs{}
	}
	return q.identity.proofs
}

// errBadToken: the request shows a token of ours that opens nothing. There is no falling back to a cookie (CONTRACT §2.2).
var errBadToken = errors.New("the token is unknown, expired or revoked")

func (q *question) byToken(token string) error {
	id, err := q.tokenIdentity(q.r.Context(), token)
	if err == nil {
		q.token, q.identity = token, id
	}
	return err
}

func (q *question) tokenIdentity(ctx context.Context, token string) (*identity, error) {
	if token == "" {
		return nil, errBadToken
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	live, err := q.run.Portal.CheckToken(ctx, token)
	if problem, ok := errors.AsType[*authportal.Problem](err); ok && problem.Status == http.StatusUnauthorized {
		return nil, errBadToken
	}
	if err != nil {
		return nil, err
	}
	return q.gate.identities.prepare(q.run, live), nil
}

// reread asks the store for the session of who asks, whatever is remembered of it.
func (q *question) reread() error {
	entry, err := q.run.Sessions.Fresh(q.r.Context(), q.entry.Key())
	switch {
	case errors.Is(err, store.ErrNotFound):
		q.entry, q.identity = nil, nil
		return nil
	case err != nil:
		return err
	}
	q.entry, q.identity = entry, q.gate.identityOf(q.run, entry)
	return nil
}

// storeTimeout bounds what a request waits for a store: 503 is due within 250 ms (CONTRACT §2.2).
const storeTimeout = 200 * time.Millisecond

// identityOf returns what this gate prepared of entry, preparing it with the first request.
func (g *Gate) identityOf(run *Running, entry *cache.Entry) *identity {
	return entry.Memo(g.generation, func(live *store.ActiveSession) any {
		return g.identities.prepare(run, live)
	}).(*identity)
}
