package web

import (
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Caller is who asks.
type Caller struct {
	Live     *store.ActiveSession // nil: nobody is signed in
	ViaToken bool                 // by an API token, so there is no session to end or to prove
}

// FreshFor is how young a sign-in must be to change what it rests on.
const FreshFor = 10 * time.Minute
