package method

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/netip"
	"net/url"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Method is an authentication method. The portal drives it one step at a time and acts on the [Step] that it returns.
// A Method never calls another Method, never writes a response, and never creates a session. It is safe for concurrent
// use.
//
// An error means an internal failure (a store, a directory, a provider): the answer is 503, and the attempt is not
// counted. A wrong password, code or assertion is [Refused].
type Method interface {
	// Kind names the kind of the method for pages and programs: "password". It selects icon and texts.
	Kind() string

	// Begin is called when a user chooses the method, as a first or a second factor, before they send any input. It is
	// skipped only if the input comes with the choice: the form of a [LoginNamer] on the login page, or a program that
	// sends a code at once. Attempt.State is nil then, and a method that needs its state refuses.
	Begin(ctx context.Context, a *Attempt) (Step, error)

	// Continue is called with the input of the user or the provider. The attempt was counted before.
	Continue(ctx context.Context, a *Attempt) (Step, error)
}

// Configured is a configured method.
type Configured struct {
	Name    string // unique: the configured name, or else the method's; in proofs and in `methods` of a session
	Label   string // for users; empty: the default of the kind
	Method  Method
	Second  bool            // only as a second factor: it neither begins a sign-in nor is offered on the login page
	Options ProviderOptions // of a provider; otherwise zero
}

// Purpose is the purpose of an attempt.
type Purpose int

const (
	SignIn Purpose = iota // a new session. With User set: its second factor
	StepUp                // a further proof for the present session
	Link                  // an outside identity for the signed-in account
	Enrol                 // a new credential for the signed-in account; see [Enroller]
)

// Attempt is the input of one step of a method.
type Attempt struct {
	Purpose Purpose

	// Token identifies this sign-in in this browser until the answer arrives. A method that redirects to a provider
	// puts it into `state` or `RelayState`, alone or followed by a dot and more: the portal finds the tab of an answer
	// by it. It grants nothing, and the token of another browser is refused.
	Token string

	// Identifier is the login name as typed. There may be no such account: a directory knows users who never signed in
	// here.
	Identifier string

	// User is the account of the login name, of the second factor or step-up, or of the session; nil if there is none.
	// Without a user, a method must take the same time and refuse, so that it does not reveal which accounts exist
	// (user enumeration).
	User *store.User

	// Field returns the field of that API name ("password", "code"), empty if it was not sent.
	Field func(name string) string

	// JSON returns a field as JSON, such as the response of an authenticator; nil if it was not sent.
	JSON func(name string) json.RawMessage

	// Query is what a provider sent to the callback, or to an endpoint that accepts answers, by GET or POST; nil
	// otherwise.
	Query url.Values

	Negotiate []byte               // the token of `Authorization: Negotiate`, decoded; nil: there is none
	TLS       *tls.ConnectionState // of the connection; nil over plain http and behind a proxy

	// State is the state of the last step: sealed in the browser's cookie and bound to it; nil in the first.
	State []byte

	Address netip.Addr // of the browser
	Host    string     // of the site to sign in to
	Return  string     // address to which a provider returns: "https://auth.example.com/callback/<name>"
	Now     time.Time
}
