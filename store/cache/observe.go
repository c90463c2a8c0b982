package cache

import (
	"context"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// observed tells how long each call of a session store took. Subscribe and Close are no calls to measure.
type observed struct {
	store.SessionStore
	tell func(call string, took time.Duration, err error)
}

// timed is deferred with the time of the start, and reads the error when the call is over.
func (o *observed) timed(call string, start time.Time, err *error) {
	o.tell(call, time.Since(start), *err)
}

func (o *observed) CreateSession(ctx context.Context, l *store.ActiveSession) (err error) {
	defer o.timed("CreateSession", time.Now(), &err)
	return o.SessionStore.CreateSession(ctx, l)
}

func (o *observed) Session(ctx context.Context, key store.Key) (l store.ActiveSession, err error) {
	defer o.timed("Session", time.Now(), &err)
	return o.SessionStore.Session(ctx, key)
}

func (o *observed) SessionByID(ctx context.Context, userID, id string) (l store.ActiveSession, err error) {
	defer o.timed("SessionByID", time.Now(), &err)
	return o.SessionStore.SessionByID(ctx, userID, id)
}

func (o *observed) TouchSessions(ctx context.Context, uses []store.Use) (err error) {
	defer o.timed("TouchSessions", time.Now(), &err)
	return o.SessionStore.TouchSessions(ctx, uses)
}

func (o *observed) ProveSession(ctx context.Context, old, new store.Key, p store.Proof) (err error) {
	defer o.timed("ProveSession", time.Now(), &err)
	return o.SessionStore.ProveSession(ctx, old, new, p)
}

func (o *observed) PeekSession(ctx context.Context, key store.Key) (l store.ActiveSession, err error) {
	defer o.timed("PeekSession", time.Now(), &err)
	return o.SessionStore.PeekSession(ctx, key)
}

func (o *observed) OfferSecret(ctx context.Context, userID string, key, next store.Key) (err error) {
	defer o.timed("OfferSecret", time.Now(), &err)
	return o.SessionStore.OfferSecret(ctx, userID, key, next)
}

func (o *observed) EndSession(ctx context.Context, userID, id string) (err error) {
	defer o.timed("EndSession", time.Now(), &err)
	return o.SessionStore.EndSession(ctx, userID, id)
}

func (o *observed) EndSessionsOf(ctx context.Context, userID, except string) (n int, err error) {
	defer o.timed("EndSessionsOf", time.Now(), &err)
	return o.SessionStore.EndSessionsOf(ctx, userID, except)
}

func (o *observed) SessionsOf(ctx context.Context, userID string) (l []store.Session, err error) {
	defer o.timed("SessionsOf", time.Now(), &err)
	return o.SessionStore.SessionsOf(ctx, userID)
}

func (o *observed) RefreshIdentity(ctx context.Context, id store.Identity) (err error) {
	defer o.timed("RefreshIdentity", time.Now(), &err)
	return o.SessionStore.RefreshIdentity(ctx, id)
}

func (o *observed) PutTicket(ctx context.Context, purpose string, key store.Key, payload []byte, deadline time.Time) (err error) {
	defer o.timed("PutTicket", time.Now(), &err)
	return o.SessionStore.PutTicket(ctx, purpose, key, payload, deadline)
}

func (o *observed) TakeTicket(ctx context.Context, purpose string, key store.Key) (payload []byte, err error) {
	defer o.timed("TakeTicket", time.Now(), &err)
	return o.SessionStore.TakeTicket(ctx, purpose, key)
}

func (o *observed) Count(ctx context.Context, name string, limit int, window time.Duration) (ok bool, left time.Duration, err error) {
	defer o.timed("Count", time.Now(), &err)
	return o.SessionStore.Count(ctx, name, limit, window)
}

func (o *observed) Release(ctx context.Context, name string) (err error) {
	defer o.timed("Uncount", time.Now(), &err)
	return o.SessionStore.Release(ctx, name)
}

func (o *observed) Ping(ctx context.Context) (err error) {
	defer o.timed("Ping", time.Now(), &err)
	return o.SessionStore.Ping(ctx)
}
