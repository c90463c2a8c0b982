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
	// Kind names what it is for people and programs: "password". It chooses icon and sentence.
	Kind() string

	// Begin is called when a person chooses the method, as a first or as a second factor, before they have sent
	// anything. Only an answer that comes with the choice itself skips it: the form of a [LoginNamer] on the login
	// page, and a program that sends a code right away. Attempt.State is nil then, and a method that needs what it
	// kept refuses.
	Begin(ctx context.Context, a *Attempt) (Step, error)

	// Continue is called with what the person or their provider sent. The guess was counted before.
	Continue(ctx context.Context, a *Attempt) (Step, error)
}

// Configured is a method as configured.
type Configured struct {
	Name    string // unique: the method's name, or the one given to it. What proofs and `methods` of a session carry
	Label   string // for people; empty: ours for its kind
	Method  Method
	Second  bool            // only as a second factor: it neither begins a sign-in nor is offered on the login page
	Options ProviderOptions // of a provider; the zero value otherwise
}

// Purpose is what an attempt is for.
type Purpose int

const (
	SignIn Purpose = iota // a new session. With User set: its second factor
	StepUp                // a further proof of the session that the browser has
	Link                  // an outside identity for the account that is signed in
	Enrol                 // a new credential for the account that is signed in; see [Enroller]
)

// Attempt is what a method may know of one step of one person.
type Attempt struct {
	Purpose Purpose

	// Token names this sign-in in this browser, and stays the same until its answer is there. A method that leads to a
	// provider puts it into `state` or `RelayState`, by itself or with a dot and more behind it: by it the portal
	// finds, of several tabs, the one that the answer belongs to. It opens nothing, and another browser's is refused.
	Token string

	// Identifier is the login name as typed. There may be no account of that name: a directory knows people who never
	// signed in here.
	Identifier string

	// User is the account that the person named, whose second factor or step-up is asked for, or who is signed in; nil
	// where there is no such account. A method that was given none must spend what it spends on one, and refuse, so
	// that outsiders learn nothing.
	User *store.User

	// Field returns what the person sent under a name of the API ("password", "code"); empty where they did not.
	Field func(name string) string

	// JSON returns a field as JSON, such as the answer of an authenticator; nil where there is none.
	JSON func(name string) json.RawMessage

	// Query is what a provider sent to the callback or to an endpoint that takes answers, by GET or by POST; nil
	// otherwise.
	Query url.Values

	Negotiate []byte               // the token of `Authorization: Negotiate`, decoded; nil: there is none
	TLS       *tls.ConnectionState // of the connection; nil over plain http and behind a proxy

	// State is what the method asked to keep in its last step, unread by the browser and bound to it; nil at first.
	State []byte

	Address netip.Addr // of the browser
	Host    string     // that the person signs in at
	Return  string     // address of ours that a provider leads back to: "https://auth.example.com/callback/<name>"
	Now     time.Time
}
