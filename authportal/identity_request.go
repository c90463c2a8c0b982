package authportal

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// IdentityRequest asks for the account of an outside identity.
type IdentityRequest struct {
	Method   string // name of the configured method
	Options  method.ProviderOptions
	Identity method.Identity
	Owner    *store.User // who is signed in and links the identity; nil otherwise
	Actor    By
}

// identities turns an outside identity into an account: it finds, creates, links, or refuses by a *Problem.
type identities interface {
	ForIdentity(ctx context.Context, r IdentityRequest) (store.User, store.Credential, error)
}
