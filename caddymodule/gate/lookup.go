package gate

import (
	"context"
	"errors"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/cache"
)

// subject returns whom a verdict is about; nil without an identity.
func (x *exchange) subject() *rolepolicy.Subject {
	if x.identity == nil {
		return nil
	}
	return x.identity.subject
}

// proofs returns how and when the person signed in.
func (x *exchange) proofs() rolepolicy.Proofs {
	if x.identity == nil {
		return rolepolicy.Proofs{}
	}
	return x.identity.proofs
}

// errInvalidToken: the request shows a token of ours that opens nothing. There is no falling back to a cookie.
var errInvalidToken = errors.New("the token is unknown, expired or revoked")

func (x *exchange) identifyByToken(token string) error {
	id, err := x.tokenIdentity(x.r.Context(), token)
	if err == nil {
		x.token, x.identity = token, id
	}
	return err
}

func (x *exchange) tokenIdentity(ctx context.Context, token string) (*identity, error) {
	if token == "" {
		return nil, errInvalidToken
	}
	ctx, cancel := context.WithTimeout(ctx, app.StoreTimeout)
	defer cancel()
	live, err := x.run.Portal.SignIn.CheckToken(ctx, token)
	if problem, ok := errors.AsType[*problem.Problem](err); ok && problem.Status == http.StatusUnauthorized {
		return nil, errInvalidToken
	}
	if err != nil {
		return nil, err
	}
	return x.gate.identities.prepare(x.run, live), nil
}

// refreshSession reads the session from the store, whatever the cache holds of it.
func (x *exchange) refreshSession() error {
	entry, err := x.run.Sessions.Fresh(x.r.Context(), x.entry.Key())
	switch {
	case errors.Is(err, store.ErrNotFound):
		x.entry, x.identity = nil, nil
		return nil
	case err != nil:
		return err
	}
	x.entry, x.identity = entry, x.gate.identityOf(x.run, entry)
	return nil
}

// identityOf returns what this gate prepared of entry, preparing it with the first request.
func (g *Gate) identityOf(run *app.Running, entry *cache.Entry) *identity {
	return entry.Memo(g.memoOwner, func(live *store.ActiveSession) any {
		return g.identities.prepare(run, live)
	}).(*identity)
}
