package method

import (
	"io"
	"log/slog"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Driver is the configuration of a method: a module in the namespace gatehouse.methods.
type Driver interface {
	// Open wires the method. It calls no store and no network.
	Open(env Env) (Method, error)
}

// NeedsMail is an ability of drivers whose method does not work without `mail`.
type NeedsMail interface{ NeedsMail() }

// Env is what a driver gets from its host to open a method.
type Env struct {
	Name    string // as configured
	Users   store.UserStore
	Tickets store.Tickets // for single-use values
	Keys    *keyring.Keys
	Log     *slog.Logger
	Now     func() time.Time
	Rand    io.Reader
	Site    []string // names of the site that passwords must not consist of: its brand, the portal's host
}
