package pages

import (
	"time"
)

// Names of the pages. A directory of templates replaces one by the file of its name.
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

// Page is one answer: which template, filled with what.
type Page struct {
	Name string // one of the constants above
	Base string // what links and form actions begin with: "/.gatehouse", "/auth", ""
	Data any    // LoginData for Login, and so on

	Notice  *Message // something went well
	Problem *Message // something did not

	// Values refills the form with what the person typed, by field name. Never a password.
	Values        map[string]string
	FieldProblems map[string]*Message // by field name

	// LeavesSite says that a form of this page may end on another host: its Content-Security-Policy then carries no
	// form-action, which Chromium enforces along the whole chain of redirects after a POST.
	LeavesSite bool

	// FormAction is the one origin that a form of this page may go to, where that is not our own.
	FormAction string

	// SecretInURL says that the address of this page holds a one-time secret. Browsers then send the origin alone as the
	// referrer, to assets and to where a link leads: else the secret would be in access logs, and known to an app.
	SecretInURL bool
}

// Message is a sentence for the person: the id of a translation and what fills its gaps.
type Message struct {
	ID   string
	Args map[string]any
}

// Method is a way to sign in, as the login page offers it.
type Method struct {
	Name  string // as configured: the value of the form field "method"
	Kind  string // "password"
	Label string // as configured; empty: the translation of "method_<kind>"
	URL   string // where a method that has no form of its own begins; empty for one that has
}

// LoginData fills Login.
type LoginData struct {
	Methods []Method

	// To and Flow are hidden fields "to" and "flow", sent back as they are. Only one of them is set, or none.
	To, Flow string

	Remember   bool   // offer to stay signed in: the check box "remember"
	SignupURL  string // empty: signing up is closed
	ForgotURL  string // empty: a password cannot be reset by mail
	ResendURL  string // where the link of confirmation is sent once more; empty: that is not what is missing
	FixedLogin string // the account that is asked to sign in again; the field "login" cannot be changed then
	Reason     string // why more is demanded: while signed in "fresh", "mfa"; at the end "new_password"; or empty
	Account    string // whose new password it is
	MailForm   bool   // the only method signs in by mail: its form for an address is here

	// Step is set where a method needs more than its first form: the fields to show and the hidden field "step".
	Step *Step

	NewPassword

	// Post is set where nothing is asked: a form for a provider, which the script sends off.
	Post *Post
}

// Post is a form whose fields are hidden.
type Post struct {
	URL    string
	Fields []Field
}

// NewPassword is a part of the data of each page with a form that sets a password.
type NewPassword struct {
	MinLength int // the least number of characters; 0: the page sets no password
}

func (n NewPassword) minLength() int { return n.MinLength }

// Step is a further form of a method.
type Step struct {
	Token  string // hidden field "step"
	Method string // hidden field "method"
	Fields []Field

	Options string   // JSON for a script of the page; empty: none
	Others  []Method // that answer as well
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
	Fields   []Field // beyond email, password and name: the site's own, "username" among them
	Closed   bool    // sign-up is closed
	Invite   string  // hidden field "invite"
	Account  string  // the address that was invited; no other can be chosen
	Expired  bool    // the invitation is used, old or unknown
	Done     string  // "confirm_email", "approval_pending": the form is gone, the sentence says what comes next

	NewPassword
}

// ConfirmData fills Confirm, where the link of a sign-up leads. Without a token it sends that link once more.
type ConfirmData struct {
	Token    string // hidden field "token"
	Account  string // the address that is being confirmed
	Done     string // "confirmed", "approval_pending", "sent": no form, only what comes next
	Expired  bool   // the link is used, old or unknown
	LoginURL string
}

// ForgotData fills Forgot, which sends a link for a new password.
type ForgotData struct {
	To, Flow string // hidden fields, as in LoginData
	LoginURL string
	Done     bool // the message is on its way, if an account has the address
}

// ResetData fills Reset, where that link leads.
type ResetData struct {
	Token     string // hidden field "token"
	Account   string // the address whose account gets a new password
	Expired   bool   // the link is used, old or unknown: no form, only what to do
	Done      bool   // the password is changed
	LoginURL  string
	ForgotURL string

	NewPassword
}

// EmailData fills Email, where the links of a change of address lead: the new address confirms it, the old one takes it
// back.
type EmailData struct {
	Undo           bool
	Token          string // hidden field "token"
	Account, Email string // the account's old address, which may be empty, and the new one
	Expired        bool   // the link is used, old or unknown: no form
	Done           bool
	LoginURL       string
}

// LinkData fills Link: signing in by mail. Without any of Step, Token, Elsewhere, Expired and Done it asks for an
// address.
type LinkData struct {
	To, Flow string // hidden fields, as in LoginData
	Remember bool   // offer to stay signed in
	LoginURL string
	AgainURL string // where another message is requested

	Step    string // hidden field "step": the message is on its way, and its code may be entered
	Account string // the address that it goes to, or was sent to

	Token     string // hidden field "token": the link of the message was opened, and waits for a click
	Elsewhere bool   // it was opened in another browser than it was requested in
	Expired   bool   // it is used, old or unknown
	Done      bool   // it is used, by this very browser, which is signed in
}

// TicketData fills Ticket, where the link leads that an administrator made.
type TicketData struct {
	Token    string // hidden field "token"
	User     User   // who will be signed in
	SignedIn string // who is signed in in this browser, and will not be any more; may be empty
	Expired  bool   // the link is used, old or unknown
	LoginURL string
}

// LogoutData fills Logout.
type LogoutData struct {
	User     *User  // who is asked whether to leave; nil: no user is signed in any more
	LoginURL string // to come back
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
	NewToken      string  // shown once, right after it was made
	Fields        []Field // further fields that the person may change, filled
	HasPassword   bool
	ForgotURL     string // where a user without a password gets one; empty: nowhere
	Administrator bool
	ChangesEmail  bool   // offer to change the address
	PendingEmail  string // the address that waits to be confirmed; empty: none does

	NewPassword
}

// Session is one sign-in in its owner's list.
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

// SetupData fills Setup, the first administrator's form.
type SetupData struct {
	Token   string // hidden field "token"
	Expired bool   // the link is used, old or unknown: no form, only what to do

	NewPassword
}

// ForbiddenData fills Forbidden: signed in, and not let in.
type ForbiddenData struct {
	User      *User
	LogoutURL string
	Path      string // the requested path, as sent, cut at 200 bytes
	Reason    string // "role", "mfa"; empty: no reason is given
}

// ErrorData fills Error. The sentence is the translation of "error_<Code>"; an unknown code falls back to the status.
type ErrorData struct {
	Status   int
	Code     string // as in problem answers: "store_unavailable"
	Detail   string // in English, for the curious
	RetryURL string // a link that tries again; empty: none
}
