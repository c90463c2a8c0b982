package authportal

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Kinds of letters. The foreground queues one for whatever address was typed, the same for all; whether anybody has it, and
// what to write to them, is found out where the letter is composed, so that no answer and no delay tells it.
const (
	mailSignUp   = "signup"           // somebody signed up with the address
	mailConfirm  = "confirm"          // somebody asked for the link of confirmation once more
	mailReset    = "reset"            // somebody forgot the password
	mailLink     = "link"             // somebody signs in by mail
	mailPassword = "password_changed" // the owner is told
	mailWaiting  = "waiting"          // an account waits for approval: asks every administrator
	mailApproval = "approval"         // to one administrator
	mailApproved = "approved"
	mailDeclined = "declined"
	mailInvite   = "invite"
	mailSignIn   = "ticket"        // the owner is told that an administrator made a link that signs in as them
	mailTheft    = "session_theft" // the owner is told that a copy of a remembered session was used

	mailEmailChange   = "email_change"   // to an address that somebody wants for their account
	mailEmailAsked    = "email_asked"    // the present address is told that
	mailEmailChanged  = "email_changed"  // the old address is told, and may undo it
	mailEmailRestored = "email_restored" // to the old address after that: the account is theirs again
	mailEmailUndone   = "email_undone"   // to the address that lost it
)

// How long links in mails are good for.
const (
	confirmLife = 24 * time.Hour
	resetLife   = 30 * time.Minute
	inviteLife  = 7 * 24 * time.Hour
)

// about is what a queued letter says of itself. It holds no secret: whatever opens a door is made when the letter is written.
type about struct {
	Lang string `json:"l,omitempty"` // Accept-Language of the browser that asked
	Base string `json:"b"`           // of our pages: what links begin with
	User string `json:"u,omitempty"` // the account that it is about, where that is known; else the address tells
	To   string `json:"t,omitempty"` // where the person was going, sealed or a path
	Flow string `json:"f,omitempty"`
	Who  string `json:"w,omitempty"` // another address that it names: of a newcomer, in a letter to an administrator
	ID   string `json:"i,omitempty"` // of the credential that its link is about
	Ref  []byte `json:"r,omitempty"` // of the browser that a sign-in by mail is for, as the method has it
}

// mails tells whether letters can be sent.
func (p *Portal) mails() bool { return p.outbox != nil }

// post queues a letter on behalf of whoever asks.
func (c *call) post(kind, to string, a about) error {
	if a.Base == "" {
		base, err := c.mailBase()
		if err != nil {
			return err
		}
		a.Base = base
	}
	a.Lang = bounded(c.r.Header.Get("Accept-Language"), 100)
	if len(a.To)+len(a.Flow) > 4096 {
		a.To, a.Flow = "", ""
	}
	return c.p.Accounts().post(c.ctx(), kind, to, a)
}

// letterRoom counts one letter to the address, as every spelling of it has it, and tells whether it may be sent. Where it may
// not, the answer is the same: only the letter is missing. Nothing is given back, because every letter costs its reader something.
func (c *call) letterRoom(to string) (bool, error) {
	err := (&guess{c: c}).count("letter", to, c.p.set.Account)
	if err != nil && !weFailed(err) {
		c.emit(Event{Kind: EventLetter, Result: ResultRefused, Reason: codeTooMany})
		return false, nil
	}
	return err == nil, err
}

// ask queues a letter to an address that somebody typed, and tells nothing of it. Whoever asks is counted.
func (c *call) ask(kind, typed string, a about) error {
	if !c.p.mails() {
		return errNoMail
	}
	if err := c.mustHTTPS(); err != nil {
		return err
	}
	to, err := NormalizeEmail(typed)
	if err != nil {
		return accountProblem(err)
	}
	if err := (&guess{c: c}).count("letters", addressBlock(c.v.Addr), c.p.set.Address); err != nil {
		return err
	}
	if room, err := c.letterRoom(to); err != nil || !room {
		return err
	}
	if err := c.post(kind, to, a); err != nil {
		return err
	}
	// Neither the address, which is what a stranger typed, nor whether anybody has it.
	c.emit(Event{Kind: EventLetter, Result: ResultOK, Reason: kind})
	return nil
}

// mailBase is the address that links in letters begin with: of the pages, wherever they are.
func (c *call) mailBase() (string, error) {
	if base := c.v.Site.PortalBase; base != "" {
		return base, nil
	}
	return c.ownBase()
}

// ownBase is the address of this very site, where links come back to the browser that asked. It comes from the configuration:
// a Host header that names another port would lead whoever follows the link, and the secret in it, to somebody else (CWE-640).
func (c *call) ownBase() (string, error) {
	u, err := url.Parse(c.v.Origin)
	if err != nil {
		return "", fmt.Errorf("writing a link: %w", err)
	}
	if h := c.v.Host; h == "localhost" || strings.HasSuffix(h, ".localhost") || isLoopback(h) {
		return c.v.Origin + c.v.Base, nil // leads nowhere but to the reader's own machine
	}
	var first string
	for _, a := range c.v.Site.Addresses {
		at, err := url.Parse(a)
		if err != nil || !hostCovers(at.Hostname(), c.v.Host) {
			continue
		}
		own := at.Scheme + "://" + strings.Replace(at.Host, at.Hostname(), c.v.Host, 1)
		if own == c.v.Origin || u.Port() == "" {
			return c.v.Origin + c.v.Base, nil
		}
		if first == "" {
			first = own
		}
	}
	if first == "" {
		return "", fmt.Errorf("writing a link: the configuration gives this site no address for %q: name its host, or a portal", c.v.Host)
	}
	return first + c.v.Base, nil
}

// hostCovers tells whether a configured host, which may begin with "*.", is that of a visit.
func hostCovers(configured, host string) bool {
	if rest, ok := strings.CutPrefix(configured, "*."); ok {
		_, parent, has := strings.Cut(host, ".")
		return has && parent == rest
	}
	return configured == host
}

// --- the sign-up's browser

const cookieSignUp = "gatehouse-signup" // names the account that this browser made, sealed

// signUpMark is what a browser that signed up keeps until the address is confirmed: confirming signs in that browser alone.
type signUpMark struct {
	User  string `json:"u"`
	Until int64  `json:"e"`
}

// markSignUp leaves the mark. A browser whose sign-up made nothing, because the address was known, gets one that looks the same.
func (c *call) markSignUp(user string) error {
	b, err := json.Marshal(signUpMark{User: user, Until: c.p.now().Add(confirmLife).Unix()})
	if err != nil {
		return err
	}
	v, err := c.p.keys.Seal(cookieSignUp, b, []byte(c.v.Host))
	if err != nil {
		return fmt.Errorf("marking the browser: %w", err)
	}
	c.setCookie(cookieSignUp, v, confirmLife)
	return nil
}

// signedUp tells whether this browser made that account.
func (c *call) signedUp(user string) bool {
	v, ok := theCookie(c.r, cookieSignUp, c.v.Secure)
	if !ok || len(v) > 1024 {
		return false
	}
	b, err := c.p.keys.Open(cookieSignUp, v, []byte(c.v.Host))
	var m signUpMark
	return err == nil && json.Unmarshal(b, &m) == nil && m.User == user && c.p.now().Unix() < m.Until
}

// readable tells whether the account may get letters that open it.
func readable(u *store.User, to string) bool { return u.Enabled && u.Email == to }

// domainAllowed tells whether addresses of that domain may sign up.
func (p *Portal) domainAllowed(email string) bool {
	_, domain, _ := strings.Cut(email, "@")
	d := p.set.Signup.Domains
	return len(d) == 0 || slices.Contains(d, domain)
}

// proveMailbox is that of Accounts, and what follows from it.
func (c *call) proveMailbox(u store.User) (store.User, error) {
	after, err := c.p.Accounts().proveMailbox(c.ctx(), u)
	if err != nil || u.Confirmed {
		return after, accountProblem(err)
	}
	c.emit(Event{Kind: EventEmailConfirm, Result: ResultOK, Reason: "set before: voided", UserID: u.ID, Username: after.Username})
	if !after.Approved {
		err = c.post(mailWaiting, after.Email, about{User: after.ID})
	}
	return after, err
}
