package method

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Method is a way to show who one is. It is asked for one step at a time and answers with what comes next; it never
// calls another method, never writes to the browser, and never makes a session: the dispatcher does, once nothing is missing.
// A method is safe for concurrent use.
//
// An error means that we failed (a store, a directory, a provider): the answer is 503, and the guess is not counted. A
// wrong password, code or assertion is [Refused].
type Method interface {
	// Kind names what it is for people and programs: "password". It chooses icon and sentence.
	Kind() string

	// Begin is called when a person chooses the method, before they have sent anything.
	Begin(ctx context.Context, a *Attempt) (Step, error)

	// Continue is called with what the person sent. The guess was counted before.
	Continue(ctx context.Context, a *Attempt) (Step, error)
}

// Configured is a method as configured.
type Configured struct {
	Name   string // unique: the method's name, or the one given to it. What proofs and `methods` of a session carry
	Label  string // for people; empty: ours for its kind
	Method Method
	Second bool // only as a second factor: it neither begins a sign-in nor stands on the login page
}

// Attempt is what a method may know of one try.
type Attempt struct {
	// User is the account that the person named, or whose second factor or fresh sign-in is asked for; nil where there is
	// no such account. A method that was given none must spend what it spends on one, and refuse, so that outsiders
	// learn nothing.
	User *store.User

	// Field returns what the person sent under a name of the API ("password", "code"); empty where they did not.
	Field func(name string) string

	// State is what the method asked to keep in its last step, unread by the browser and bound to it; nil at first.
	State []byte

	Address netip.Addr // of the browser
	Host    string     // that the person signs in at
	Return  string     // address of ours that a provider leads back to
	Now     time.Time
}

// Step is what a method wants next: Show, Redirect, Proven or Refused.
type Step interface{ step() }

// Field is something that a method asks for.
type Field struct {
	Name         string // of the input, and of the field of the API
	Type         string // "text", "password", "email", "number"
	Label        string // as configured; empty: the translation of "field_<name>"
	Required     bool
	Autocomplete string
	Value        string
}

// Show asks for more.
type Show struct {
	Fields []Field
	State  []byte // kept in a sealed cookie for the next Continue; at most 1,024 bytes
}

// Redirect leads to a provider.
type Redirect struct {
	URL   string
	State []byte // as in Show
}

// Proven says that the person is User.
type Proven struct {
	User store.User

	// Kind, ID and Version are those of the credential that proved it, as it is stored now. The dispatcher looks once
	// more after the session exists, so that a password that was changed meanwhile opens nothing. Kind empty: the proof
	// does not rest on a credential of ours.
	Kind, ID string
	Version  int64

	// Mailbox says that the proof showed who reads the mail of the account: its address counts as confirmed from now on,
	// and if nobody had confirmed it before, whatever was set until then is voided first.
	Mailbox bool
}

// Refused says that it is not so.
type Refused struct {
	// Reason is for the log, in a word or two: "wrong password". The person reads the same sentence for all of them.
	Reason string
}

func (Show) step()     {}
func (Redirect) step() {}
func (Proven) step()   {}
func (Refused) step()  {}

// LoginNamer is an ability of methods whose first form asks for a login name: their Continue is given the account of it,
// and guesses count against that account.
type LoginNamer interface{ AsksLogin() }

// SecondFactor is an ability of methods that may follow another one.
type SecondFactor interface {
	// Enrolled reports whether the account can use it.
	Enrolled(ctx context.Context, u *store.User) (bool, error)
}

// MailProof is an ability of methods whose proof comes by mail to the address that a person named. The portal asks for the
// address, counts, queues and writes the letter, and shows the pages; the method makes the secrets of the letter, and checks
// one of them in Continue: the field "token" or "code", with the account of the address as User.
type MailProof interface {
	// Ask begins a sign-in. The browser keeps state, sealed; ref lies in the queue with the letter, and opens nothing.
	// Neither depends on an account.
	Ask() (state, ref []byte, err error)
	// Write makes the secrets of a letter to u: a token for its link, and a code for people who read it elsewhere. Both
	// are good until then, one of them once, in the browser that keeps the state of ref.
	Write(ctx context.Context, u *store.User, ref []byte, until time.Time) (token, code string, err error)
	// Address tells whose mailbox a token was sent to; !ok: it is forged or old. It uses nothing up.
	Address(token string) (email string, ok bool)
	// Fits reports whether a token was made for the browser that keeps state. It uses nothing up.
	Fits(token string, state []byte) bool
}

// Passwords is an ability of the method that keeps passwords: to make the credential of a new one.
type Passwords interface {
	// MakePassword checks that password may be one (else *UnacceptableError) and returns its credential for u, ready to
	// be stored. It may return ErrBusy.
	MakePassword(ctx context.Context, u *store.User, password string) (store.Credential, error)
	// CheckPassword reports whether password is that of u; a nil u costs the same and is never right. It may return ErrBusy.
	CheckPassword(ctx context.Context, u *store.User, password string) (bool, error)
	// MinLength is the least number of characters.
	MinLength() int
}

// UnacceptableError says why a password may not be one: "too_short", "too_long", "not_text", "common", "like_login",
// "breached".
type UnacceptableError struct{ Reason string }

func (e *UnacceptableError) Error() string { return "password is not acceptable: " + e.Reason }

// ErrBusy is returned by methods whose bounded pool of expensive work is full. The guess is given back; the answer is 503 with Retry-After.
var ErrBusy = errors.New("too much to do at once")

// PasswordHashes is an ability of the method that keeps passwords: to take over hashes that other software made.
type PasswordHashes interface {
	// CheckHash reports whether the encoded hash can be stored. It becomes one of ours at the next sign-in.
	CheckHash(encoded string) error
}

// PasswordRules is an ability of the method that keeps passwords: to judge one without the cost of hashing it.
type PasswordRules interface {
	// AcceptPassword returns the *UnacceptableError that MakePassword would.
	AcceptPassword(ctx context.Context, u *store.User, password string) error
}

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
