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

// composeMail is the mail.Composer of mailKinds.
func (s *messages) composeMail(ctx context.Context, m store.Mail) (*mail.Message, error) {
	msg, err := s.ResolveMail(ctx, m)
	if msg == nil || err != nil {
		return nil, err
	}
	data := pages.LetterData{Account: msg.Account, Email: msg.Email, Link: msg.Link, Code: msg.Code}
	return s.render(msg.To, msg.Lang, msg.Kind, data)
}

// ResolveMail decides what a queued message becomes, or returns nil if nothing is to be sent. It runs in the
// background, so its timing reveals nothing about the account. It makes the secret of the message, which is in no queue
// and no log.
func (s *messages) ResolveMail(ctx context.Context, m store.Mail) (*message.Message, error) {
	var p message.Payload
	if err := json.Unmarshal(m.Payload, &p); err != nil {
		return nil, fmt.Errorf("reading the payload of a message: %w", err)
	}
	msg := &message.Message{Kind: m.Kind, Lang: p.Lang, To: m.To, Account: m.To}
	switch m.Kind {
	case message.SignUp, message.Confirm, message.Reset, message.Link:
	case message.Waiting:
		return nil, s.notifyAdministrators(ctx, m.To, &p)
	default:
		return s.composeNotice(ctx, msg, m, &p)
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
		return s.composeSignUp(ctx, msg, &u, &p)
	case message.Confirm:
		if u.Confirmed {
			return nil, nil
		}
		return s.composeConfirm(ctx, msg, &u, &p)
	case message.Link:
		return s.signin.WriteLink(ctx, msg, &u, m.Created, &p)
	}
	return s.composeReset(ctx, msg, &u, &p)
}

// composeSignUp distinguishes the three results of a sign-up: it made the account; the address already has a confirmed
// account; or it has an unconfirmed one. That may be an attacker's, who waits for the owner of the address to confirm
// it (account pre-hijacking). The owner then gets a link to set a new password, which invalidates everything set up
// before.
func (s *messages) composeSignUp(ctx context.Context, msg *message.Message, u *store.User, p *message.Payload) (
	*message.Message, error) {
	switch {
	case u.ID == p.User && !u.Confirmed && s.settings.ConfirmEmail:
		return s.composeConfirm(ctx, msg, u, p)
	case u.ID == p.User:
		if u.Approved {
			return nil, nil
		}
		return nil, s.notifyAdministrators(ctx, u.Email, p)
	case !u.Confirmed && s.accounts.Passwords() != nil:
		msg, err := s.composeReset(ctx, msg, u, p)
		msg.Kind = "again"
		return msg, err
	}
	msg.Kind, msg.Link = "exists", p.Base+"/login"
	return msg, nil
}

func (s *messages) composeConfirm(ctx context.Context, msg *message.Message, u *store.User, p *message.Payload) (
	*message.Message, error) {
	token, err := s.signin.IssueMailLink(ctx, ticketConfirm,
		signin.MailTicket{User: u.ID, Email: u.Email, To: p.To, Flow: p.Flow}, message.ConfirmLife)
	msg.Kind, msg.Link = message.Confirm, p.Base+"/confirm?token="+url.QueryEscape(token)
	return msg, err
}

func (s *messages) composeReset(ctx context.Context, msg *message.Message, u *store.User, p *message.Payload) (
	*message.Message, error) {
	version, err := s.signin.PasswordVersion(ctx, u.ID)
	if err != nil {
		return msg, err
	}
	token, err := s.signin.IssueMailLink(ctx, ticketReset,
		signin.MailTicket{User: u.ID, Email: u.Email, Password: version, To: p.To, Flow: p.Flow}, message.ResetLife)
	msg.Link = p.Base + "/reset?token=" + url.QueryEscape(token)
	return msg, err
}

// composeNotice composes the messages about something that has happened.
func (s *messages) composeNotice(ctx context.Context, msg *message.Message, m store.Mail, p *message.Payload) (
	*message.Message, error) {
	switch m.Kind {
	case message.Invite:
		return s.invites.composeInvite(ctx, msg, m.To, p)
	case message.EmailChange, message.EmailAsked, message.EmailChanged, message.EmailRestored, message.EmailUndone:
		return s.composeEmail(ctx, msg, p)
	case message.Password:
		msg.Link = linkTo(p.Base, "/forgot")
	case message.Declined, message.Theft, message.SignIn:
	case message.Approved:
		msg.Link = linkTo(p.Base, "/login")
	case message.Approval:
		msg.Account = p.Who
		msg.Link = linkTo(p.Base, "/account")
	default:
		return nil, fmt.Errorf("unknown kind of message %q", m.Kind)
	}
	return msg, nil
}

// linkTo returns the URL of a page, or "" if the base URL is unknown.
func linkTo(base, path string) string {
	if base == "" {
		return ""
	}
	return base + path
}

// notifyAdministrators queues a message to each administrator about an account that waits for approval.
func (s *messages) notifyAdministrators(ctx context.Context, email string, p *message.Payload) error {
	u, err := s.users.User(ctx, p.User)
	if errors.Is(err, store.ErrNotFound) || err == nil && (u.Approved || u.Email != email) {
		return nil // decided in the meantime
	} else if err != nil {
		return fmt.Errorf("reading the account: %w", err)
	}
	list, err := s.administrators(ctx)
	if err != nil {
		return err
	}
	for i := range list {
		payload := message.Payload{Base: p.Base, User: u.ID, Who: u.Email}
		if err := s.accounts.Post(ctx, message.Approval, list[i].Email, payload); err != nil {
			return err
		}
	}
	return nil
}

// maxNotified is the maximum number of administrators to notify about one account.
const maxNotified = 50

func (s *messages) administrators(ctx context.Context) (list []store.User, err error) {
	page, err := s.users.ListUsers(ctx, store.UserQuery{Role: accounts.AdministratorRole, Limit: 1000})
	if err != nil {
		return nil, fmt.Errorf("looking for administrators: %w", err)
	}
	for _, u := range page {
		if u.Enabled && u.Approved && u.Confirmed && u.Email != "" && len(list) < maxNotified {
			list = append(list, u)
		}
	}
	return list, nil
}
