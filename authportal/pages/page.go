package pages

import (
	"time"
)

// Names of the pages. A brand's directory of templates replaces a page by the file of that name.
const (
	Login     = "login"
	Signup    = "signup"
	Logout    = "logout"
	Account   = "account"
	Setup     = "setup"
	Confirm   = "confirm"
	Forgot    = "forgot"
	Reset     = "reset"
	Email     = "email"
	Link      = "link"
	Forbidden = "forbidden"
	Error     = "error"
	Admin     = "admin"
	AdminUser = "admin-user"
	Columns   = "admin-columns"

	AdminImport   = "admin-import"
	AdminOverview = "admin-overview"
	AdminRoles    = "admin-roles"
	AdminBulk     = "admin-bulk"
	Ticket        = "ticket"
	AdminAudit    = "admin-audit"
)

// Page is one response: a template and its data.
type Page struct {
	Name string // one of the constants above
	Base string // what links and form actions begin with: "/.gatehouse", "/auth", ""
	Data any    // LoginData for Login, and so on

	Notice  *Message // reports a success
	Problem *Message // reports a problem

	// Values holds what the user typed, by field name, to fill the form again; never a password.
	Values        map[string]string
	FieldProblems map[string]*Message // by field name

	// LeavesSite says that a form of this page may end on another host: its Content-Security-Policy then carries no
	// form-action, which Chromium enforces along the whole chain of redirects after a POST.
	LeavesSite bool

	// FormAction is the only origin that a form of this page may post to; empty: the own origin.
	FormAction string

	// SecretInURL says that the URL of this page contains a one-time secret. Browsers then send only the origin as the
	// referrer; otherwise the secret would get into access logs and to apps.
	SecretInURL bool
}

// Message is a sentence for the user: the id of a translation and the values of its gaps.
type Message struct {
	ID   string
	Args map[string]any
}

// Method is a sign-in method on the login page.
type Method struct {
	Name  string // as configured: the value of the form field "method"
	Kind  string // "password"
	Label string // as configured; empty: the translation of "method_<kind>"
	URL   string // where a method without a form begins; empty: it has a form
}

// LoginData fills Login.
type LoginData struct {
	Methods []Method

	// To and Flow are the hidden fields "to" and "flow", sent back unchanged. At most one of them is set.
	To, Flow string

	Remember   bool   // offer to stay signed in: the check box "remember"
	SignupURL  string // empty: signing up is closed
	ForgotURL  string // empty: a password cannot be reset by mail
	ResendURL  string // where the confirmation link is sent again; empty: not offered
	FixedLogin string // the account that must sign in again; the field "login" is then read-only
	Reason     string // why more is required: "fresh" or "mfa" while signed in, "new_password" at the end; or empty
	Account    string // account that gets the new password
	MailForm   bool   // the only method is the email link: show its form

	// Step is set if a method needs another form: the fields to show and the hidden field "step".
	Step *Step

	NewPassword

	// Post is set if the user has nothing to enter: a form for a provider, which the script submits.
	Post *Post
}

// Post is a form with hidden fields only.
type Post struct {
	URL    string
	Fields []Field
}

// NewPassword is embedded in the data of each page with a form that sets a password.
type NewPassword struct {
	MinLength int // minimum number of characters; 0: the page sets no password
}

func (n NewPassword) minLength() int { return n.MinLength }

// Step is a further form of a method.
type Step struct {
	Token  string // hidden field "step"
	Method string // hidden field "method"
	Fields []Field

	Options string   // JSON for a script of the page; empty: none
	Others  []Method // other methods that can be used instead
}

// Field is one input of a form.
type Field struct {
	Name         string // of the input
	Type         string // "text", "password", "email", "number"
	Label        string // as configured; empty: the translation of "field_<name>"
	Required     bool
	Autocomplete string
	Value        string
}

// SignupData fills Signup.
type SignupData struct {
	To, Flow string // hidden fields, as in LoginData
	LoginURL string
	Fields   []Field // the site's additional fields, "username" among them
	Closed   bool    // sign-up is closed
	Invite   string  // hidden field "invite"
	Account  string  // the invited address, which cannot be changed
	Expired  bool    // the invitation is used, expired or unknown
	Done     string  // "confirm_email", "approval_pending": no form, only what comes next

	NewPassword
}

// ConfirmData fills Confirm, where the link of a sign-up leads. Without a token, its form requests another link.
type ConfirmData struct {
	Token    string // hidden field "token"
	Account  string // the address that is being confirmed
	Done     string // "confirmed", "approval_pending", "sent": no form, only what comes next
	Expired  bool   // the link is used, expired or unknown
	LoginURL string
}

// ForgotData fills Forgot, which sends a link to set a new password.
type ForgotData struct {
	To, Flow string // hidden fields, as in LoginData
	LoginURL string
	Done     bool // a message was sent if an account has the address
}

// ResetData fills Reset, where the reset link leads.
type ResetData struct {
	Token     string // hidden field "token"
	Account   string // address of the account
	Expired   bool   // the link is used, expired or unknown: no form, only what to do
	Done      bool   // the password is changed
	LoginURL  string
	ForgotURL string

	NewPassword
}

// EmailData fills Email, where the links of a change of address lead: the new address confirms it, the old one undoes
// it.
type EmailData struct {
	Undo           bool
	Token          string // hidden field "token"
	Account, Email string // the account's old address, which may be empty, and the new one
	Expired        bool   // the link is used, expired or unknown: no form
	Done           bool
	LoginURL       string
}

// LinkData fills Link, which signs in by email. Without any of Step, Token, Elsewhere, Expired and Done it asks for an
// address.
type LinkData struct {
	To, Flow string // hidden fields, as in LoginData
	Remember bool   // offer to stay signed in
	LoginURL string
	AgainURL string // where to request another message

	Step    string // hidden field "step": the message was sent, and its code can be entered
	Account string // address of the message

	Token     string // hidden field "token": the link was opened; show its button
	Elsewhere bool   // the link was opened in another browser than the one that requested it
	Expired   bool   // the link is used, expired or unknown
	Done      bool   // the link was used by this browser, which is signed in
}

// TicketData fills Ticket, where an administrator's sign-in link leads.
type TicketData struct {
	Token    string // hidden field "token"
	User     User   // account that will be signed in
	SignedIn string // account that is signed in now and will be signed out; may be empty
	Expired  bool   // the link is used, expired or unknown
	LoginURL string
}

// LogoutData fills Logout.
type LogoutData struct {
	User     *User  // account that can sign out; nil: signed out
	LoginURL string // to sign in again
}

// User is an account as its owner sees it.
type User struct {
	ID, Username, Email, Name string
	Roles                     []string
	Confirmed                 bool
}

// AccountData fills Account.
type AccountData struct {
	User          User
	Sessions      []Session
	Tokens        []Token
	NewToken      string  // shown only once
	Fields        []Field // additional fields that the user may change, with values
	HasPassword   bool
	ForgotURL     string // where a user without a password can set one; empty: nowhere
	Administrator bool
	ChangesEmail  bool   // offer to change the address
	PendingEmail  string // new address that is not confirmed yet; empty: none

	NewPassword
}

// Session is a session in its owner's list.
type Session struct {
	ID, Host, Address, Device string
	Created, LastSeen         time.Time
	Remembered, Current       bool
}

// Token is an API token in its owner's list.
type Token struct {
	ID, Name               string
	Roles                  []string
	Created, Used, Expires time.Time // zero: never
}

// SetupData fills Setup, which makes the first administrator.
type SetupData struct {
	Token   string // hidden field "token"
	Expired bool   // the link is used, expired or unknown: no form, only what to do

	NewPassword
}

// ForbiddenData fills Forbidden, which denies access.
type ForbiddenData struct {
	User      *User
	LogoutURL string
	Path      string // the requested path, truncated to 200 bytes
	Reason    string // "role", "mfa"; empty: no reason is given
}

// ErrorData fills Error. The sentence is the translation of "error_<Code>"; an unknown code falls back to the status.
type ErrorData struct {
	Status   int
	Code     string // as in problem documents: "store_unavailable"
	Detail   string // in English, for the curious
	RetryURL string // URL to try again; empty: none
}
