package method

import (
	"encoding/json"
	"net/url"

	"github.com/gatehouse-auth/gatehouse/store"
)

// MaxState is how long the state of a step may be, in bytes.
const MaxState = 1024

// Step is what a method wants next: Show, Redirect, PostForm, Challenge, Proven, Identified, Enrolled or Refused.
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
	Fields  []Field
	Options json.RawMessage // for a script of the page or a program, such as the options of WebAuthn; nil: none
	State   []byte          // kept in a sealed cookie for the next Continue; at most MaxState bytes
}

// Redirect leads to a provider. Its answer comes to the callback, and Continue is called with it in Attempt.Query.
type Redirect struct {
	URL   string
	State []byte // as in Show
}

// PostForm leads to a provider by a form that the page sends off by itself.
type PostForm struct {
	URL    string // https, but for loopback
	Fields url.Values
	State  []byte // as in Show
}

// Challenge asks the browser itself for a proof (RFC 7235 §4.1): the login page is answered as 401 with this header,
// once in a sign-in, and its form stays there for those who cannot answer.
type Challenge struct {
	Header string // of WWW-Authenticate: "Negotiate"
}

// Proven says that the person is User.
type Proven struct {
	User store.User

	// Kind, ID and Version are those of the credential that proved it, as it is stored now. The portal looks once
	// more after the session exists, so that a password that was changed meanwhile opens nothing. Kind empty: the proof
	// does not rest on a credential of ours.
	Kind, ID string
	Version  int64

	// Mailbox says that the proof showed who reads the mail of the account: its address counts as confirmed from now
	// on, and if nobody had confirmed it before, whatever was set until then is voided first.
	Mailbox bool

	// Level is how many factors the proof is worth: 2 for a passkey with user verification. 0 means 1.
	Level int
}

// Identified says who the person is elsewhere. Which account that is, or whether one may be created, is decided by the
// portal and not by the method.
type Identified struct{ Identity Identity }

// Enrolled ends an attempt whose purpose is Enrol.
type Enrolled struct {
	// Credential is stored for the owner, under the kind that [Enroller] names. Of the owner and of the time it was
	// made the portal takes care.
	Credential store.Credential
	ShowOnce   []string // secrets that the person sees now and never again, such as recovery codes
}

// Refused says that it is not so.
type Refused struct {
	// Reason is for the log, in a word or two: "wrong password". The person reads the same sentence for all of them.
	Reason string
}

func (Show) step()       {}
func (Redirect) step()   {}
func (PostForm) step()   {}
func (Challenge) step()  {}
func (Proven) step()     {}
func (Identified) step() {}
func (Enrolled) step()   {}
func (Refused) step()    {}
