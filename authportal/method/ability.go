package method

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// LoginNamer is an ability of methods whose first form asks for a login name: their Continue is given the account of
// it, and guesses count against that account. Several of them share the form of the login page, in the order
// configured.
type LoginNamer interface{ AsksLogin() }

// SecondFactor is an ability of methods that may follow another one.
type SecondFactor interface {
	// Enrolled reports whether the account can use it.
	Enrolled(ctx context.Context, u *store.User) (bool, error)
}

// Enroller is an ability of methods by which people add a credential of their own. Begin and Continue are called with
// the purpose Enrol, and with the owner as User; the last step is Enrolled.
type Enroller interface {
	// CredentialKind is the kind of every credential that the method enrols.
	CredentialKind() string
}

// Ambient is an ability of methods that can prove somebody without a form, from the request itself: Kerberos, client
// certificates. Begin is then called with Negotiate or TLS, and may answer Proven or Identified.
type Ambient interface{ Ambient() }

// Refresher is an ability of methods that can ask their source again while the person is away: groups, whether the
// account is still there.
type Refresher interface {
	// Refresh returns the identity as it is now; ErrGone where the source does not know the person any more.
	Refresh(ctx context.Context, id Identity) (Identity, error)
}

// ErrGone is returned by a Refresher whose source does not know the person any more, or has shut them out.
var ErrGone = errors.New("the identity is gone")

// Leaver is an ability of methods whose provider has a session of its own.
type Leaver interface {
	// LogoutURL returns where a browser ends that session, which leads to back afterwards; empty: nowhere.
	LogoutURL(ctx context.Context, c store.Credential, back string) (string, error)
}

// BackChannel is an ability of methods whose provider tells us, server to server, that a session has ended.
type BackChannel interface {
	// SignedOut checks what the provider posted and returns whom it ends; ErrNotProvider for what it did not send.
	SignedOut(ctx context.Context, posted url.Values) ([]SessionRef, error)
}

// ErrNotProvider says that a message does not come from the provider.
var ErrNotProvider = errors.New("the message is not the provider's")

// SessionRef names a session of a provider, or all of a subject's where Session is empty.
type SessionRef struct{ Issuer, Subject, Session string }

// Endpoints is an ability of methods that need addresses besides /callback/<name>.
type Endpoints interface{ Endpoints() []Endpoint }

// Endpoint is an address of a method.
type Endpoint struct {
	// Path is below the portal's base. It begins with "/callback/<name>" or "/<kind>/<name>/": "/saml/corp/acs".
	Path string

	// Post says that other sites post here, by way of the browser. What they post is an answer as in a callback: it is
	// bounded, kept for a minute, and judged in a request of our own, where the browser's cookie is there. `state` or
	// `RelayState` among it finds the tab.
	Post bool

	// Document returns what a GET answers, such as metadata, with its media type; nil: a GET is an answer, as in a
	// callback.
	Document func(ctx context.Context, base string) (body []byte, mediaType string, err error)
}

// MailProof is an ability of methods whose proof comes by mail to the address that a person named. The portal asks for
// the address, counts, queues and writes the message, and shows the pages; the method makes the secrets of the
// message, and checks one of them in Continue: the field "token" or "code", with the account of the address as User.
type MailProof interface {
	// Ask begins a sign-in. The browser keeps state, sealed; ref lies in the queue with the message, and opens nothing.
	// Neither depends on an account.
	Ask() (state, ref []byte, err error)
	// Write makes the secrets of a message to u: a token for its link, and a code for people who read it elsewhere.
	// Both are good until then, one of them once, in the browser that keeps the state of ref.
	Write(ctx context.Context, u *store.User, ref []byte, until time.Time) (token, code string, err error)
	// Address returns whose mailbox a token was sent to; !ok: it is forged or old. It uses nothing up.
	Address(token string) (email string, ok bool)
	// Fits reports whether a token was made for the browser that keeps state. It uses nothing up.
	Fits(token string, state []byte) bool
}

// Passwords is an ability of the method that keeps passwords: to make the credential of a new one.
type Passwords interface {
	// MakePassword checks that password may be one (else *UnacceptableError) and returns its credential for u, ready to
	// be stored. It may return ErrBusy.
	MakePassword(ctx context.Context, u *store.User, password string) (store.Credential, error)
	// CheckPassword reports whether password is that of u; a nil u costs the same and is never right. It may return
	// ErrBusy.
	CheckPassword(ctx context.Context, u *store.User, password string) (bool, error)
	// MinLength is the least number of characters.
	MinLength() int
}

// PasswordHashes is an ability of the method that keeps passwords: to take over hashes that other software made.
type PasswordHashes interface {
	// CheckHash returns an error where the encoded hash cannot be stored. It becomes one of ours at the next sign-in.
	CheckHash(encoded string) error
}

// PasswordRules is an ability of the method that keeps passwords: to judge one without the cost of hashing it.
type PasswordRules interface {
	// AcceptPassword returns the *UnacceptableError that MakePassword would.
	AcceptPassword(ctx context.Context, u *store.User, password string) error
}

// UnacceptableError says why a password may not be one: "too_short", "too_long", "not_text", "common", "like_login",
// "breached".
type UnacceptableError struct{ Reason string }

func (e *UnacceptableError) Error() string { return "password is not acceptable: " + e.Reason }

// ErrBusy is returned by methods whose bounded pool of expensive work is full. The guess is given back; the answer is
// 503 with Retry-After.
var ErrBusy = errors.New("too much to do at once")
