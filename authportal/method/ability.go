package method

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// LoginNamer is an ability of methods whose first form has a login name. Their Continue gets its account, and attempts
// count against that account. Several of them share the form of the login page, in the configured order.
type LoginNamer interface{ AsksLogin() }

// SecondFactor is an ability of methods that can follow another one.
type SecondFactor interface {
	// Enrolled reports whether the account can use it.
	Enrolled(ctx context.Context, u *store.User) (bool, error)
}

// Enroller is an ability of methods that let users add a credential of their own. Begin and Continue are called with
// the purpose Enrol and the owner as User; the last step is Enrolled.
type Enroller interface {
	// CredentialKind is the kind of every credential that the method enrols.
	CredentialKind() string
}

// Ambient is an ability of methods that authenticate by the request itself, without a form: Kerberos, client
// certificates. Begin is then called with Negotiate or TLS, and may return Proven or Identified.
type Ambient interface{ Ambient() }

// Refresher is an ability of methods that can query their source without the user: for groups, and for whether the
// account still exists.
type Refresher interface {
	// Refresh returns the identity as it is now; ErrGone if the source no longer knows it.
	Refresh(ctx context.Context, id Identity) (Identity, error)
}

// ErrGone is returned by a Refresher whose source no longer knows the identity, or has disabled it.
var ErrGone = errors.New("the identity is gone")

// Leaver is an ability of methods whose provider has a session of its own.
type Leaver interface {
	// LogoutURL returns the address that ends that session and then redirects to back; empty: there is none.
	LogoutURL(ctx context.Context, c store.Credential, back string) (string, error)
}

// BackChannel is an ability of methods whose provider reports ended sessions server to server (back-channel logout).
type BackChannel interface {
	// SignedOut verifies a posted message and returns the sessions that it ends; ErrNotProvider if the provider did not
	// send it.
	SignedOut(ctx context.Context, posted url.Values) ([]SessionRef, error)
}

// ErrNotProvider means that a message does not come from the provider.
var ErrNotProvider = errors.New("the message is not the provider's")

// SessionRef names a session of a provider, or all sessions of the subject if Session is empty.
type SessionRef struct{ Issuer, Subject, Session string }

// Endpoints is an ability of methods that need addresses besides /callback/<name>.
type Endpoints interface{ Endpoints() []Endpoint }

// Endpoint is an address of a method.
type Endpoint struct {
	// Path is below the portal's base. It begins with "/callback/<name>" or "/<kind>/<name>/": "/saml/corp/acs".
	Path string

	// Post accepts cross-site form posts by the browser. They are answers as in a callback: bounded in size, kept for a
	// minute, and handled in a same-site request, which has the browser's cookie. Their `state` or `RelayState` finds
	// the tab.
	Post bool

	// Document returns the body and media type of the answer to a GET, such as metadata; nil: a GET is an answer of the
	// provider, as in a callback.
	Document func(ctx context.Context, base string) (body []byte, mediaType string, err error)
}

// MailProof is an ability of methods whose proof is sent by email to the address that the user entered. The portal asks
// for the address, counts attempts, queues and writes the message, and shows the pages. The method makes the secrets of
// the message and checks one of them in Continue: the field "token" or "code", with the account of the address as User.
type MailProof interface {
	// Ask begins a sign-in. The browser keeps state, sealed. ref is queued with the message and grants nothing. Neither
	// depends on an account.
	Ask() (state, ref []byte, err error)
	// Write makes the secrets of a message to u: a token for its link, and a code for users who read it on another
	// device. Until then, one of them works once, in the browser that keeps the state of ref.
	Write(ctx context.Context, u *store.User, ref []byte, until time.Time) (token, code string, err error)
	// Address returns the address that a token was sent to; !ok: it is forged or expired. It does not use up the token.
	Address(token string) (email string, ok bool)
	// Fits reports whether a token was made for the browser that keeps state. It does not use up the token.
	Fits(token string, state []byte) bool
}

// Passwords is an ability of the method that stores passwords: to make the credential of a new one.
type Passwords interface {
	// MakePassword checks that password is acceptable (else *UnacceptableError) and returns its credential for u, ready
	// to be stored. It may return ErrBusy.
	MakePassword(ctx context.Context, u *store.User, password string) (store.Credential, error)
	// CheckPassword reports whether password is that of u. A nil u takes the same time and never matches. It may return
	// ErrBusy.
	CheckPassword(ctx context.Context, u *store.User, password string) (bool, error)
	// MinLength is the least number of characters.
	MinLength() int
}

// PasswordHashes is an ability of the method that stores passwords: to import hashes that other software made.
type PasswordHashes interface {
	// CheckHash returns an error if the encoded hash cannot be imported. The next sign-in replaces it.
	CheckHash(encoded string) error
}

// PasswordRules is an ability of the method that stores passwords: to check one without hashing it.
type PasswordRules interface {
	// AcceptPassword returns the *UnacceptableError that MakePassword would.
	AcceptPassword(ctx context.Context, u *store.User, password string) error
}

// UnacceptableError says why a password is not acceptable: "too_short", "too_long", "not_text", "common", "like_login",
// "breached".
type UnacceptableError struct{ Reason string }

// Error returns the reason.
func (e *UnacceptableError) Error() string { return "password is not acceptable: " + e.Reason }

// ErrBusy is returned by methods whose bounded pool of expensive work is full. The attempt is not counted; the answer
// is 503 with Retry-After.
var ErrBusy = errors.New("too much to do at once")
