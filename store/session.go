package store

import (
	"context"
	"crypto/sha256"
	"time"
)

// Key is the SHA-256 of a secret: what a store knows of a cookie, ticket or token.
type Key [sha256.Size]byte

// KeyOf returns the key of a secret.
func KeyOf(secret []byte) Key { return sha256.Sum256(secret) }

// Session is a sign-in (a parent, where Parent is empty) or the session of one host that came from it (a child). Idle and
// absolute deadline belong to the parent; a child carries a copy. Use of any of a family is use of all.
type Session struct {
	Key        Key
	ID         string // public: what its owner's list shows and `sessions revoke` takes; 26 base32 characters
	Parent     string // ID of the sign-in that this is a child of; empty for a sign-in
	UserID     string
	Host       string // lower case, without port
	Created    time.Time
	LastSeen   time.Time
	Idle       time.Duration // 0: no idle limit (remembered)
	Expires    time.Time     // absolute
	Proofs     []Proof       // how the person showed who they are, first to last; the parent's
	Address    string        // of the browser that signed in
	Device     string        // User-Agent of the browser that signed in, cut at 200 bytes
	Remembered bool
}

// Proof is one successful step of a sign-in.
type Proof struct {
	Method string // name of the method: "password"
	At     time.Time
}

// Live is a session that has not ended, together with whom it speaks for.
type Live struct {
	Session  Session
	Identity Identity
}

// Expired tells whether the session is over at now, by either limit.
func (s *Session) Expired(now time.Time) bool {
	return !now.Before(s.Expires) || (s.Idle > 0 && !now.Before(s.LastSeen.Add(s.Idle)))
}

// SignIn returns the id of the sign-in that s belongs to: its own if it has no parent.
func (s *Session) SignIn() string {
	if s.Parent != "" {
		return s.Parent
	}
	return s.ID
}

// Use says that a session was used.
type Use struct {
	Key  Key
	Seen time.Time
}

// Sessions keeps sign-ins and their children. Every call that ends, adds a proof to or refreshes sessions tells Feed the
// user in the same atomic step.
type Sessions interface {
	// CreateSession stores l. For a child, ErrNotFound if the sign-in named by Parent has ended; deadlines, proofs,
	// address, device and identity are then taken from the parent as stored, and l.Session and l.Identity are set to
	// what was stored. The caller shows the secret to nobody before this has returned nil.
	CreateSession(ctx context.Context, l *Live) error

	// Session returns the session and its identity; ErrNotFound where it is unknown, expired or ended, or its identity
	// is not active. It sees the use of every member of the family that was told by TouchSessions.
	Session(ctx context.Context, key Key) (Live, error)

	// SessionByID returns the sign-in with that public id, if it belongs to userID.
	SessionByID(ctx context.Context, userID, id string) (Live, error)

	// TouchSessions moves LastSeen of the whole family forward, never back. A session that has ended or expired stays so.
	TouchSessions(ctx context.Context, uses []Use) error

	// ProveSession records a further proof on the whole family, and replaces the key of the session old by new (a new
	// secret at every proof), as one step; ErrNotFound if it has ended or old is no longer its key.
	ProveSession(ctx context.Context, old, new Key, p Proof) error

	// EndSession ends the sign-in with that id with all its children, if it belongs to userID. Ending what has ended is
	// ErrNotFound.
	EndSession(ctx context.Context, userID, id string) error

	// EndSessionsOf ends every sign-in of a user but the one with the id except (may be empty), and returns how many.
	EndSessionsOf(ctx context.Context, userID, except string) (int, error)

	// SessionsOf returns the live sign-ins (no children) of a user, newest first.
	SessionsOf(ctx context.Context, userID string) ([]Session, error)

	// RefreshIdentity gives every session of id.UserID the identity, unless they hold a later Version already, and
	// ends them all if it is not Active.
	RefreshIdentity(ctx context.Context, id Identity) error
}
