package authportal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/gatehouse-auth/gatehouse/authportal/mail"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/store"
)

// mailMessage is what to write to whom; the words are translations, by its kind.
type mailMessage struct {
	Kind string // "confirm", "reset", …: of the sentences
	Lang string // Accept-Language of whoever asked
	To   string
	Link string // where its button leads; empty: it has none
	Code string // to be typed where the message was asked for; empty: it has none

	Account string // the address that it is about
	Email   string // the other address, where it is about two
}

// mailKinds are the kinds of messages that resolveMail knows.
var mailKinds = []string{
	mailSignUp, mailConfirm, mailReset, mailPassword, mailWaiting, mailApproval,
	mailApproved, mailDeclined, mailInvite, mailTheft, mailSignIn, mailLink,
	mailEmailChange, mailEmailAsked, mailEmailChanged, mailEmailRestored, mailEmailUndone,
}

// composeMail is the mail.Composer of all of them.
func (p *Portal) composeMail(ctx context.Context, m store.Mail) (*mail.Message, error) {
	l, err := p.resolveMail(ctx, m)
	if l == nil || err != nil {
		return nil, err
	}
	return p.write(l.To, l.Lang, l.Kind, pages.LetterData{Account: l.Account, Email: l.Email, Link: l.Link, Code: l.Code})
}

// resolveMail finds out what a queued message becomes: nil where nothing is to be sent. It runs in the background,
// where nobody can tell how long it takes, and makes the secret that the message holds, which is in no queue and no
// log.
func (p *Portal) resolveMail(ctx context.Context, m store.Mail) (*mailMessage, error) {
	var a mailPayload
	if err := json.Unmarshal(m.Payload, &a); err != nil {
		return nil, fmt.Errorf("reading the payload of a message: %w", err)
	}
	l := &mailMessage{Kind: m.Kind, Lang: a.Lang, To: m.To, Account: m.To}
	switch m.Kind {
	case mailSignUp, mailConfirm, mailReset, mailLink:
	case mailWaiting:
		return nil, p.askAdministrators(ctx, m.To, &a)
	default:
		return p.writeNotice(ctx, l, m, &a)
	}
	u, err := p.users.FindUser(ctx, m.To)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("looking for the account: %w", err)
	}
	if !readable(&u, m.To) {
		return nil, nil
	}
	switch m.Kind {
	case mailSignUp:
		return p.writeSignUp(ctx, l, &u, &a)
	case mailConfirm:
		if u.Confirmed {
			return nil, nil
		}
		return p.writeConfirm(ctx, l, &u, &a)
	case mailLink:
		return p.writeLink(ctx, l, &u, m.Created, &a)
	}
	return p.writeReset(ctx, l, &u, &a)
}

// writeSignUp tells the three ways in which a sign-up ends apart: it made the account; the address has one; or it has
// one that nobody confirmed. The last may be an attacker's, who waits for the owner of the address to confirm it: its
// password is not told to be right, but a new one is asked for, which voids whatever was there.
func (p *Portal) writeSignUp(ctx context.Context, l *mailMessage, u *store.User, a *mailPayload) (*mailMessage, error) {
	switch {
	case u.ID == a.User && !u.Confirmed && p.set.ConfirmEmail:
		return p.writeConfirm(ctx, l, u, a)
	case u.ID == a.User:
		if u.Approved {
			return nil, nil
		}
		return nil, p.askAdministrators(ctx, u.Email, a)
	case !u.Confirmed && p.accounts.Passwords() != nil:
		l, err := p.writeReset(ctx, l, u, a)
		l.Kind = "again"
		return l, err
	}
	l.Kind, l.Link = "exists", a.Base+"/login"
	return l, nil
}

func (p *Portal) writeConfirm(ctx context.Context, l *mailMessage, u *store.User, a *mailPayload) (*mailMessage, error) {
	token, err := p.issueMailLink(ctx, ticketConfirm,
		mailTicket{User: u.ID, Email: u.Email, To: a.To, Flow: a.Flow}, confirmLife)
	l.Kind, l.Link = mailConfirm, a.Base+"/confirm?token="+url.QueryEscape(token)
	return l, err
}

func (p *Portal) writeReset(ctx context.Context, l *mailMessage, u *store.User, a *mailPayload) (*mailMessage, error) {
	version, err := p.passwordVersion(ctx, u.ID)
	if err != nil {
		return l, err
	}
	token, err := p.issueMailLink(ctx, ticketReset,
		mailTicket{User: u.ID, Email: u.Email, Password: version, To: a.To, Flow: a.Flow}, resetLife)
	l.Link = a.Base + "/reset?token=" + url.QueryEscape(token)
	return l, err
}

// writeNotice writes what tells somebody of something that has happened.
func (p *Portal) writeNotice(ctx context.Context, l *mailMessage, m store.Mail, a *mailPayload) (*mailMessage, error) {
	switch m.Kind {
	case mailInvite:
		return p.writeInvite(ctx, l, m.To, a)
	case mailEmailChange, mailEmailAsked, mailEmailChanged, mailEmailRestored, mailEmailUndone:
		return p.writeEmail(ctx, l, a)
	case mailPassword:
		l.Link = linkTo(a.Base, "/forgot")
	case mailDeclined, mailTheft, mailSignIn:
	case mailApproved:
		l.Link = linkTo(a.Base, "/login")
	case mailApproval:
		l.Account = a.Who
		l.Link = linkTo(a.Base, "/account")
	default:
		return nil, fmt.Errorf("a letter of unknown kind %q", m.Kind)
	}
	return l, nil
}

// linkTo is the address of a page, where the address of the pages is known.
func linkTo(base, path string) string {
	if base == "" {
		return ""
	}
	return base + path
}

// askAdministrators queues a message to everyone who may approve the account.
func (p *Portal) askAdministrators(ctx context.Context, email string, a *mailPayload) error {
	u, err := p.users.User(ctx, a.User)
	if errors.Is(err, store.ErrNotFound) || err == nil && (u.Approved || u.Email != email) {
		return nil // decided meanwhile
	} else if err != nil {
		return fmt.Errorf("reading the account: %w", err)
	}
	list, err := p.administrators(ctx)
	if err != nil {
		return err
	}
	for i := range list {
		err := p.accounts.post(ctx, mailApproval, list[i].Email, mailPayload{Base: a.Base, User: u.ID, Who: u.Email})
		if err != nil {
			return err
		}
	}
	return nil
}

// maxAsked bounds how many administrators are written to for one account.
const maxAsked = 50

func (p *Portal) administrators(ctx context.Context) (list []store.User, err error) {
	page, err := p.users.ListUsers(ctx, store.UserQuery{Role: administratorRole, Limit: 1000})
	if err != nil {
		return nil, fmt.Errorf("looking for administrators: %w", err)
	}
	for _, u := range page {
		if u.Enabled && u.Approved && u.Confirmed && u.Email != "" && len(list) < maxAsked {
			list = append(list, u)
		}
	}
	return list, nil
}
