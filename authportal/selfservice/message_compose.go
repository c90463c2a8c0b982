package selfservice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/mail"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/store"
)

// mailKinds are the kinds of messages that resolveMail knows.
var mailKinds = []string{
	message.SignUp, message.Confirm, message.Reset, message.Password, message.Waiting, message.Approval,
	message.Approved, message.Declined, message.Invite, message.Theft, message.SignIn, message.Link,
	message.EmailChange, message.EmailAsked, message.EmailChanged, message.EmailRestored, message.EmailUndone,
}

// composeMail is the mail.Composer of all of them.
func (s *messages) composeMail(ctx context.Context, m store.Mail) (*mail.Message, error) {
	l, err := s.ResolveMail(ctx, m)
	if l == nil || err != nil {
		return nil, err
	}
	return s.write(l.To, l.Lang, l.Kind, pages.LetterData{Account: l.Account, Email: l.Email, Link: l.Link, Code: l.Code})
}

// ResolveMail finds out what a queued message becomes: nil where nothing is to be sent. It runs in the background,
// where nobody can tell how long it takes, and makes the secret that the message holds, which is in no queue and no
// log.
func (s *messages) ResolveMail(ctx context.Context, m store.Mail) (*message.Message, error) {
	var a message.Payload
	if err := json.Unmarshal(m.Payload, &a); err != nil {
		return nil, fmt.Errorf("reading the payload of a message: %w", err)
	}
	l := &message.Message{Kind: m.Kind, Lang: a.Lang, To: m.To, Account: m.To}
	switch m.Kind {
	case message.SignUp, message.Confirm, message.Reset, message.Link:
	case message.Waiting:
		return nil, s.askAdministrators(ctx, m.To, &a)
	default:
		return s.writeNotice(ctx, l, m, &a)
	}
	u, err := s.users.FindUser(ctx, m.To)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("looking for the account: %w", err)
	}
	if !message.Readable(&u, m.To) {
		return nil, nil
	}
	switch m.Kind {
	case message.SignUp:
		return s.writeSignUp(ctx, l, &u, &a)
	case message.Confirm:
		if u.Confirmed {
			return nil, nil
		}
		return s.writeConfirm(ctx, l, &u, &a)
	case message.Link:
		return s.signin.WriteLink(ctx, l, &u, m.Created, &a)
	}
	return s.writeReset(ctx, l, &u, &a)
}

// writeSignUp tells the three ways in which a sign-up ends apart: it made the account; the address has one; or it has
// one that nobody confirmed. The last may be an attacker's, who waits for the owner of the address to confirm it: its
// password is not told to be right, but a new one is asked for, which voids whatever was there.
func (s *messages) writeSignUp(ctx context.Context, l *message.Message, u *store.User, a *message.Payload) (*message.Message, error) {
	switch {
	case u.ID == a.User && !u.Confirmed && s.set.ConfirmEmail:
		return s.writeConfirm(ctx, l, u, a)
	case u.ID == a.User:
		if u.Approved {
			return nil, nil
		}
		return nil, s.askAdministrators(ctx, u.Email, a)
	case !u.Confirmed && s.accounts.Passwords() != nil:
		l, err := s.writeReset(ctx, l, u, a)
		l.Kind = "again"
		return l, err
	}
	l.Kind, l.Link = "exists", a.Base+"/login"
	return l, nil
}

func (s *messages) writeConfirm(ctx context.Context, l *message.Message, u *store.User, a *message.Payload) (*message.Message, error) {
	token, err := s.signin.IssueMailLink(ctx, ticketConfirm,
		signin.MailTicket{User: u.ID, Email: u.Email, To: a.To, Flow: a.Flow}, message.ConfirmLife)
	l.Kind, l.Link = message.Confirm, a.Base+"/confirm?token="+url.QueryEscape(token)
	return l, err
}

func (s *messages) writeReset(ctx context.Context, l *message.Message, u *store.User, a *message.Payload) (*message.Message, error) {
	version, err := s.signin.PasswordVersion(ctx, u.ID)
	if err != nil {
		return l, err
	}
	token, err := s.signin.IssueMailLink(ctx, ticketReset,
		signin.MailTicket{User: u.ID, Email: u.Email, Password: version, To: a.To, Flow: a.Flow}, message.ResetLife)
	l.Link = a.Base + "/reset?token=" + url.QueryEscape(token)
	return l, err
}

// writeNotice writes what tells somebody of something that has happened.
func (s *messages) writeNotice(ctx context.Context, l *message.Message, m store.Mail, a *message.Payload) (*message.Message, error) {
	switch m.Kind {
	case message.Invite:
		return s.invites.writeInvite(ctx, l, m.To, a)
	case message.EmailChange, message.EmailAsked, message.EmailChanged, message.EmailRestored, message.EmailUndone:
		return s.writeEmail(ctx, l, a)
	case message.Password:
		l.Link = linkTo(a.Base, "/forgot")
	case message.Declined, message.Theft, message.SignIn:
	case message.Approved:
		l.Link = linkTo(a.Base, "/login")
	case message.Approval:
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
func (s *messages) askAdministrators(ctx context.Context, email string, a *message.Payload) error {
	u, err := s.users.User(ctx, a.User)
	if errors.Is(err, store.ErrNotFound) || err == nil && (u.Approved || u.Email != email) {
		return nil // decided meanwhile
	} else if err != nil {
		return fmt.Errorf("reading the account: %w", err)
	}
	list, err := s.administrators(ctx)
	if err != nil {
		return err
	}
	for i := range list {
		err := s.accounts.Post(ctx, message.Approval, list[i].Email, message.Payload{Base: a.Base, User: u.ID, Who: u.Email})
		if err != nil {
			return err
		}
	}
	return nil
}

// maxAsked bounds how many administrators are written to for one account.
const maxAsked = 50

func (s *messages) administrators(ctx context.Context) (list []store.User, err error) {
	page, err := s.users.ListUsers(ctx, store.UserQuery{Role: accounts.AdministratorRole, Limit: 1000})
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
