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

// Session is a sign-in (a parent, where Parent is empty) or the session of one host that came from it (a child). Idle
// and absolute deadline belong to the parent; a child carries a copy. Use of any of a family is use of all.
type Session struct {
	Key        Key    // what the session is stored under: of its first secret, or the first after the last proof
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

	// Of the secret, which a remembered session changes from time to time; see OfferSecret.
	SecretSince time.Time // when the present secret was first shown; zero: it is the one of Key
	Offered     time.Time // when the next secret was handed out; zero: none is, or it has been shown
	Until       time.Time // set only by Session, where an old secret was shown: when that is no longer good
	Promoted    bool      // set only by Session, where this very call made the secret that was shown the present one
}

const (
	// ReplayGrace is how long an old secret stays good after the new one was first shown: requests were in flight then.
	ReplayGrace = 60 * time.Second
	// OfferAgain is how long a secret that was handed out may wait to be shown before another is: its answer may be lost.
	OfferAgain = 10 * time.Minute
	// MaxSecrets is how many secrets of a session are known at most; beyond that the oldest are forgotten.
	MaxSecrets = 64
)

// SecretAge returns how long the session has had its present secret.
func (s *Session) SecretAge(now time.Time) time.Duration {
	if s.SecretSince.After(s.Created) {
		return now.Sub(s.SecretSince)
	}
	return now.Sub(s.Created)
}

// MayOffer reports whether the session can be given a next secret now.
func (s *Session) MayOffer(now time.Time) bool {
	return now.Sub(s.Offered) >= OfferAgain && now.Sub(s.SecretSince) >= ReplayGrace
}

// Proof is one successful step of a sign-in.
type Proof struct {
	Method string // name of the method: "password"
	At     time.Time

	// Level is how many factors the proof is worth: 2 for a passkey that checked its user, or a provider whose second
	// factor is trusted. 0, as in records of earlier versions, is 1.
	Level int `json:",omitempty"`
}

// Factors returns how many factors the proof is worth, at least 1.
func (p Proof) Factors() int { return max(1, p.Level) }

// ActiveSession is a session that has not ended, together with whom it speaks for.
type ActiveSession struct {
	Session  Session
	Identity Identity
}

// Expired reports whether the session is over at now, by either limit.
func (s *Session) Expired(now time.Time) bool {
	return !now.Before(s.Expires) || (s.Idle > 0 && !now.Before(s.LastSeen.Add(s.Idle)))
}

// SignIn returns the id of the sign-in that s belongs to: its own if it has no parent.
func (s *Session) RootID() string {
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

// Rotating is how the secret of a remembered session changes from time to time, so that a copied cookie is found out.
// It is no optional ability: a store that could not would leave every copy good until the session ends.
type Rotating interface {
	// PeekSession is Session for a caller that looks again at a secret that was shown before, such as an open stream: any
	// secret of an active session will do, and nothing comes of it. It never sets Until.
	PeekSession(ctx context.Context, key Key) (ActiveSession, error)

	// OfferSecret makes next a secret of the session stored under key, if it belongs to userID, to be shown by the browser
	// from now on. ErrStale where MayOffer says no, so that of racing callers one wins: the others keep their secret to
	// themselves. Secrets that were offered and not shown stay good until one of them is.
	OfferSecret(ctx context.Context, userID string, key, next Key) error
}

// Sessions keeps sign-ins and their children. Every call that ends, adds a proof to or refreshes sessions tells Feed
// the user in the same atomic step.
type Sessions interface {
	Rotating

	// CreateSession stores l. For a child, ErrNotFound if the sign-in named by Parent has ended; deadlines, proofs,
	// address, device and identity are then taken from the parent as stored, and l.Session and l.Identity are set to
	// what was stored. The caller shows the secret to no one before this has returned nil.
	CreateSession(ctx context.Context, l *ActiveSession) error

	// Session returns the session and its identity; ErrNotFound where it is unknown, expired or ended, or its identity
	// is not active. It sees the use of every member of the family that was told by TouchSessions.
	//
	// It is the call for a secret that a browser shows. One that was offered takes over by it, and tells Feed. An old one
	// is good until ReplayGrace after that; then it is a copy: its family ends, Feed is told, and one caller, of however
	// many, gets a *ReplayedError.
	Session(ctx context.Context, key Key) (ActiveSession, error)

	// SessionByID returns the sign-in with that public id, if it belongs to userID.
	SessionByID(ctx context.Context, userID, id string) (ActiveSession, error)

	// TouchSessions moves LastSeen of the whole family forward, never back. A session that has ended or expired stays so.
	TouchSessions(ctx context.Context, uses []Use) error

	// ProveSession records a further proof on the whole family, and replaces the key of the session old by new (a new
	// secret at every proof), as one step; ErrNotFound if it has ended or old is no longer its key. All secrets that were
	// offered before are void.
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
