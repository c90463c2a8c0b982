package gatetest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql/sqltest"
)

// person is an account with one session, known by its cookie.
type person struct {
	store.User
	secret  string // of the cookie
	session string // id
}

// cookie is the header that shows the session over p.
func (a person) cookie(p proto) []string { return []string{"Cookie", p.cookieName() + "=" + a.secret} }

// user stores an account.
func (w *world) user(name string, roles ...string) store.User {
	w.t.Helper()
	u := store.User{ID: randomID(), Username: name, Email: name + "@example.com", Confirmed: true, Name: strings.ToUpper(name[:1]) + name[1:],
		Roles: roles, Attributes: map[string]any{"plan": "gold"}, Enabled: true, Approved: true, Created: time.Now()}
	if err := w.users.CreateUser(w.t.Context(), u); err != nil {
		w.t.Fatal(err)
	}
	u, err := w.users.User(w.t.Context(), u.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// signedIn stores an account and a session of it, begun some time ago.
func (w *world) signedIn(name string, ago time.Duration, roles ...string) person {
	w.t.Helper()
	return w.sessionOf(w.user(name, roles...), host, ago)
}

func (w *world) sessionOf(u store.User, at string, ago time.Duration) person {
	w.t.Helper()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	now := time.Now()
	live := &store.ActiveSession{Identity: u.Identity(), Session: store.Session{Key: store.KeyOf(secret), ID: randomID(), UserID: u.ID, Host: at,
		Created: now.Add(-ago), LastSeen: now, Expires: now.Add(12 * time.Hour), Idle: 30 * time.Minute,
		Proofs: []store.Proof{{Method: "password", At: now.Add(-ago)}}}}
	if err := w.sessions().CreateSession(w.t.Context(), live); err != nil {
		w.t.Fatal(err)
	}
	w.secrets = append(w.secrets, base64.RawURLEncoding.EncodeToString(secret))
	return person{User: u, secret: base64.RawURLEncoding.EncodeToString(secret), session: live.Session.ID}
}

func (w *world) sessions() store.SessionStore {
	return w.users.(store.SessionHost).EmbeddedSessions()
}

// sessionsAt is the session store of a gateway with another clock.
func (w *world) sessionsAt(now func() time.Time) store.SessionStore {
	return sqltest.OpenFile(w.t, w.file, now).EmbeddedSessions()
}

// token stores an API token of an account and returns it.
func (w *world) token(u store.User) string {
	w.t.Helper()
	token := "ghk_" + randomID() + randomID()
	w.secrets = append(w.secrets, token)
	sum := sha256.Sum256([]byte(token))
	err := w.users.PutCredential(w.t.Context(), store.Credential{Kind: store.KindAPIToken, ID: hex.EncodeToString(sum[:]), Owner: u.ID,
		Label: "test", Data: []byte(`{"roles":null}`), Created: time.Now()})
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// revoke takes a token back.
func (w *world) revoke(token string) {
	w.t.Helper()
	sum := sha256.Sum256([]byte(token))
	if err := w.users.DeleteCredential(w.t.Context(), store.KindAPIToken, hex.EncodeToString(sum[:])); err != nil {
		w.t.Fatal(err)
	}
}

// end ends the session of a person, as a sign-out through another gateway does.
func (w *world) end(a person) {
	w.t.Helper()
	if err := w.sessions().EndSession(w.t.Context(), a.ID, a.session); err != nil && !errors.Is(err, store.ErrNotFound) {
		w.t.Fatal(err)
	}
}

func randomID() string { return strings.ToLower(rand.Text()[:26]) }
