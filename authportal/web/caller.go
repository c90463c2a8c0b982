package web

import (
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Caller is the account that sends a request.
type Caller struct {
	Live     *store.ActiveSession // nil: not signed in
	ViaToken bool                 // authenticated by an API token, so there is no session to end or renew
}

// FreshFor is the maximum age of a recent login, which changes to credentials need.
const FreshFor = 10 * time.Minute
