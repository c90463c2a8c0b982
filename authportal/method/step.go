package method

import (
	"encoding/json"
	"net/url"

	"github.com/gatehouse-auth/gatehouse/store"
)

// MaxState bounds the state of a step, in bytes.
const MaxState = 1024

// Step is the result of a step of a method: Show, Redirect, PostForm, Challenge, Proven, Identified, Enrolled or
// Refused.
type Step interface{ step() }

// Field is an input field.
type Field struct {
	Name         string // of the input, and of the field of the API
	Type         string // "text", "password", "email", "number"
	Label        string // as configured; empty: the translation of "field_<name>"
	Required     bool
	Autocomplete string
	Value        string
}

// Show asks for more input.
type Show struct {
	Fields  []Field
	Options json.RawMessage // for a script of the page or a program, such as the options of WebAuthn; nil: none
	State   []byte          // kept in a sealed cookie for the next Continue; at most MaxState bytes
}

// Redirect sends the browser to a provider. Its answer arrives at the callback, and Continue gets it in Attempt.Query.
type Redirect struct {
	URL   string
	State []byte // as in Show
}

// PostForm sends the browser to a provider by a form that submits itself.
type PostForm struct {
	URL    string // https, but for loopback
	Fields url.Values
	State  []byte // as in Show
}

// Challenge asks the browser itself for a proof (RFC 9110 §11.6.1): the login page is sent as 401 with this header,
// once in a sign-in. Its form remains for browsers that cannot answer.
type Challenge struct {
	Header string // of WWW-Authenticate: "Negotiate"
}

// Proven means that the user is User.
type Proven struct {
	User store.User

	// Kind, ID and Version are those of the credential of the proof, as it is stored now. The portal checks it again
	// after it created the session, so that a concurrent change of password voids the sign-in. An empty Kind: the proof
	// does not rest on a stored credential.
	Kind, ID string
	Version  int64

	// Mailbox means that the proof shows control of the account's mailbox: its address counts as confirmed. If it was
	// not confirmed before, everything that was set up until then is voided first.
	Mailbox bool

	// Level is the number of factors of the proof: 2 for a passkey with user verification. 0 means 1.
	Level int
}

// Identified returns an outside identity. The portal decides which account it belongs to, and whether one may be
// created.
type Identified struct{ Identity Identity }

// Enrolled ends an attempt whose purpose is Enrol.
type Enrolled struct {
	// Credential is stored for the owner, under the kind that [Enroller] names. The portal sets its owner and time.
	Credential store.Credential
	ShowOnce   []string // secrets that are shown now and never again, such as recovery codes
}

// Refused means that the proof failed.
type Refused struct {
	// Reason is for the log, in a word or two: "wrong password". Users see the same sentence for every reason.
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
