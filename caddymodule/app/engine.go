package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/admin"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/caddymodule/metrics"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/cache"
	"github.com/gatehouse-auth/gatehouse/store/lease"
	"github.com/gatehouse-auth/gatehouse/store/relay"
)

// The pools share opened stores among configurations: a reload that names the same stores neither opens nor closes
// anything, so that its Start is instant and no session, counter or connection is lost. They are keyed by what is
// opened, never by the configuration around it. These are the process's own, as caddy.UsagePool is; leases are their
// only content.
var (
	usersPool    lease.Pool[store.UserStore]
	sessionsPool lease.Pool[*cache.Cache]
	enginePool   lease.Pool[*engine]
)

// StoreTimeout bounds what a request waits for a store: 503 is due within 250 ms.
const StoreTimeout = 200 * time.Millisecond

// engine is a users store, a session store, the relay that carries changes from the first to the second, and what
// works on accounts in the background.
type engine struct {
	users         store.UserStore // observed
	sessions      *cache.Cache
	usersLease    *lease.Lease[store.UserStore]
	sessionsLease *lease.Lease[*cache.Cache]

	// What this users store can do beyond keeping accounts, found once; nil where it cannot.
	audit      store.Audit
	statistics store.Statistics
	outbox     store.Outbox
	deliveries store.Deliveries

	recorder *audit.Recorder // nil where audit is

	endWork context.CancelFunc
	work    sync.WaitGroup // the relay and the sweeper

	mu      sync.Mutex
	checked map[string]bool // fingerprints that the users store was held against
}

// storeEnv is what drivers get. Their log is the process's, because they outlive the configuration that opened them.
func storeEnv() store.Env {
	return store.Env{Log: processLog(), Now: time.Now, DataDir: filepath.Join(caddy.AppDataDir(), "gatehouse")}
}

// acquire takes a share of the configured stores, opening them if this process has not yet.
func (a *App) acquire(ctx context.Context) (*lease.Lease[*engine], error) {
	env := storeEnv()
	usersKey := a.usersDriver.Resource(env)
	sessionsKey := usersKey
	if a.sessionsDriver != nil {
		sessionsKey = a.sessionsDriver.Resource(env)
	}
	return enginePool.Acquire(ctx, usersKey+"\x00"+sessionsKey, func(ctx context.Context) (*engine, error) {
		return openEngine(ctx, env, a.usersDriver, usersKey, a.sessionsDriver, sessionsKey)
	})
}

func openEngine(ctx context.Context, env store.Env, users store.UsersDriver, usersKey string,
	sessions store.SessionsDriver, sessionsKey string) (e *engine, err error) {
	e = &engine{checked: make(map[string]bool)}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
			e = nil
		}
	}()
	e.usersLease, err = usersPool.Acquire(ctx, usersKey, func(ctx context.Context) (store.UserStore, error) {
		return users.OpenUsers(ctx, env)
	})
	if err != nil {
		return e, fmt.Errorf("opening the users store: %w", err)
	}
	e.users = metrics.ObserveUsers(e.usersLease.Value())
	e.findAbilities(e.usersLease.Value())
	if e.audit != nil {
		e.recorder = audit.NewRecorder(e.audit, env.Now, env.Log)
	}
	e.sessionsLease, err = sessionsPool.Acquire(ctx, sessionsKey, func(ctx context.Context) (*cache.Cache, error) {
		inner, err := openSessions(ctx, env, sessions, e.usersLease.Value())
		if err != nil {
			return nil, err
		}
		return cache.New(inner, cache.Options{Wait: StoreTimeout, Now: env.Now, Log: env.Log,
			Observe: metrics.Process.ObserveSessions, Replayed: auditTheft}), nil
	})
	if err != nil {
		return e, fmt.Errorf("opening the session store: %w", err)
	}
	e.sessions = e.sessionsLease.Value()
	e.startWork(env)
	return e, nil
}

// findAbilities looks at the store itself: the one that is observed has the methods of store.UserStore only.
func (e *engine) findAbilities(users store.UserStore) {
	e.audit, _ = users.(store.Audit)
	e.statistics, _ = users.(store.Statistics)
	e.outbox, _ = users.(store.Outbox)
	e.deliveries, _ = users.(store.Deliveries)
}

// openSessions opens the configured session store, or the one in the users database.
func openSessions(ctx context.Context, env store.Env, driver store.SessionsDriver,
	users store.UserStore) (store.SessionStore, error) {
	if driver != nil {
		return driver.OpenSessions(ctx, env)
	}
	host, ok := users.(store.SessionHost)
	if !ok {
		return nil, errors.New("this users store cannot keep sessions: name a session store with `sessions`")
	}
	return host.EmbeddedSessions(), nil
}

// startWork runs what works in the background until Close: the relay, what takes the values of removed columns away,
// and what counts the open sessions.
func (e *engine) startWork(env store.Env) {
	relay := &relay.Relay{Users: e.usersLease.Value(), Sessions: e.sessions, Log: env.Log}
	ctx, cancel := context.WithCancel(context.Background())
	e.endWork = cancel
	e.work.Go(func() {
		if err := relay.Run(ctx); err != nil {
			env.Log.Error("changes of users no longer reach the session store", "error", err)
		}
	})
	sweeper := &accounts.ColumnSweeper{Users: e.usersLease.Value(), Now: env.Now, Log: env.Log}
	e.work.Go(func() {
		if err := sweeper.Run(ctx); err != nil {
			env.Log.Error("values of removed columns are no longer deleted", "error", err)
		}
	})
	if e.statistics != nil {
		e.work.Go(func() { admin.CountSessions(ctx, e.sessions, e.statistics, env.Now, env.Log) })
	}
}

// check holds the key against the users store, once: a reload must not fail because the users store is out of reach
// for a moment while all who are signed in can go on.
func (e *engine) check(ctx context.Context, keys *keyring.Keys) error {
	fingerprint, err := keys.Fingerprint()
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.checked[fingerprint] {
		return nil
	}
	if err := keys.CheckFingerprint(ctx, e.users); err != nil {
		return err
	}
	// Another key that was checked before is the store's no more.
	e.checked = map[string]bool{fingerprint: true}
	return nil
}

// Close ends the work and gives the stores back, sessions first: embedded ones live in the users database.
func (e *engine) Close() error {
	if e.endWork != nil {
		e.endWork()
		e.work.Wait()
	}
	var errs []error
	if e.recorder != nil {
		errs = append(errs, e.recorder.Close())
	}
	if e.sessionsLease != nil {
		errs = append(errs, e.sessionsLease.Release())
	}
	if e.usersLease != nil {
		errs = append(errs, e.usersLease.Release())
	}
	return errors.Join(errs...)
}
