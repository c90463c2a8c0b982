package app

import (
	"log/slog"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal"
	"github.com/gatehouse-auth/gatehouse/authportal/admin"
	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/caddymodule/metrics"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/cache"
)

// Running is what Start has made and handlers use. It does not change. On a reload, requests in flight keep the one
// they have, whose stores then answer store.ErrClosed once the last configuration that held them is gone.
type Running struct {
	Users    store.UserStore
	Sessions *cache.Cache
	Portal   *authportal.Portal
	Keys     *keyring.Keys
	Roles    *rolepolicy.Roles
	Metrics  *metrics.Collectors
	Log      *slog.Logger
	Now      func() time.Time

	// PortalBase is the address of the pages, such as "https://auth.example.com/auth", without a slash at its end. Empty:
	// every gate serves its own.
	PortalBase string

	// AllowHTTP permits sign-in over plain http on hosts that are not loopback.
	AllowHTTP bool

	// Mail sends mail; nil: none is configured.
	Mail *MailService

	// Webhook posts the events of the audit trail; nil: none is configured.
	Webhook *WebhookService

	hashing hashingLoad // nil where no method hashes
}

// alerts is what this process knows that an administrator should look at.
func (run *Running) alerts() []admin.Alert {
	if run.Sessions.Stats().Up {
		return nil
	}
	return []admin.Alert{{Kind: "session_feed"}}
}
