package method

import (
	"io"
	"log/slog"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Driver is a method in a configuration: a module in the namespace gatehouse.methods.
type Driver interface {
	// Open wires the method. It calls no store and no network.
	Open(env Env) (Method, error)
}

// NeedsMail is an ability of drivers whose method does not work without `mail`.
type NeedsMail interface{ NeedsMail() }

// Env is what a method gets from its host when it is opened.
type Env struct {
	Name    string // as configured
	Users   store.UserStore
	Tickets store.Tickets // for what may be used once
	Keys    *keyring.Keys
	Log     *slog.Logger
	Now     func() time.Time
	Rand    io.Reader
	Site    []string // names of the site that no password may be made of: its brand, its portal's host
}
