package redis_test

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/redis"
)

var lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// idMaker returns a maker of public ids as callers make them.
func idMaker() func() string {
	return func() string {
		var b [16]byte
		rand.Read(b[:])
		return lower.EncodeToString(b[:])
	}
}

func newKey() store.Key { return store.KeyOf([]byte(rand.Text())) }

// signIn makes a sign-in of a new user, not yet stored.
func signIn(now time.Time) store.ActiveSession {
	id := idMaker()
	user := id()
	return store.ActiveSession{
		Session: store.Session{Key: newKey(), ID: id(), UserID: user, Host: "auth.example.com", Created: now, LastSeen: now,
			Idle: 30 * time.Minute, Expires: now.Add(12 * time.Hour), Proofs: []store.Proof{{Method: "password", At: now}},
			Address: "192.0.2.1", Device: "curl/8"},
		Identity: store.Identity{UserID: user, Version: 1, Username: strings.ToLower(rand.Text()) + "@example.com",
			Roles: []string{"member"}, Active: true},
	}
}

// stored stores a sign-in.
func stored(t testing.TB, s *redis.Store, now time.Time) store.ActiveSession {
	t.Helper()
	l := signIn(now)
	must(t, s.CreateSession(t.Context(), &l))
	return l
}

// childOf stores a child of l.
func childOf(t testing.TB, s *redis.Store, l store.ActiveSession, host string) store.ActiveSession {
	t.Helper()
	c := store.ActiveSession{Session: store.Session{Key: newKey(), ID: idMaker()(), Parent: l.Session.ID, UserID: l.Session.UserID,
		Host: host, Created: l.Session.Created}}
	must(t, s.CreateSession(t.Context(), &c))
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
