package selfservice

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// composeEmail composes the messages about a change of address. p.Who is the other address of the change.
func (s *messages) composeEmail(ctx context.Context, msg *message.Message, p *message.Payload) (
	*message.Message, error) {
	msg.Email = p.Who
	switch msg.Kind {
	case message.EmailChange:
		msg.Account, msg.Email = p.Who, msg.To
		return s.composeEmailChange(ctx, msg, p)
	case message.EmailAsked:
		msg.Link = linkTo(p.Base, "/account")
		if s.accounts.Passwords() != nil {
			msg.Link = linkTo(p.Base, "/forgot") // a new password cancels the change
		}
	case message.EmailChanged:
		token, _, err := s.emails.newEmailLink(ctx, store.KindEmailUndo, p.ID)
		if errors.Is(err, problem.InvalidLink) {
			return nil, nil // undone in the meantime, by the link of an earlier change
		} else if err != nil {
			return nil, err
		}
		msg.Link = p.Base + "/email/undo?token=" + url.QueryEscape(token)
	case message.EmailRestored:
		return s.composeRestored(ctx, msg, p)
	}
	return msg, nil
}

// composeEmailChange distinguishes what the response to the request did not reveal: whether the address is free or has
// an account.
func (s *messages) composeEmailChange(ctx context.Context, msg *message.Message, p *message.Payload) (
	*message.Message, error) {
	has, err := s.users.FindUser(ctx, msg.To)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && has.Email != msg.To:
	case err != nil:
		return nil, fmt.Errorf("looking for the account: %w", err)
	case has.ID == p.User || !message.Readable(&has, msg.To):
		return nil, nil
	default:
		// Do not mention the other account: its owner may be a stranger.
		msg.Kind, msg.Account, msg.Email, msg.Link = "email_taken", msg.To, "", linkTo(p.Base, "/login")
		return msg, nil
	}
	token, _, err := s.emails.newEmailLink(ctx, store.KindEmailChange, p.ID)
	if errors.Is(err, problem.InvalidLink) {
		return nil, nil // replaced by a later request
	} else if err != nil {
		return nil, err
	}
	msg.Link = p.Base + "/email?token=" + url.QueryEscape(token)
	return msg, nil
}

// composeRestored composes a link to set a new password, because undoing the change removed the old one.
func (s *messages) composeRestored(ctx context.Context, msg *message.Message, p *message.Payload) (
	*message.Message, error) {
	u, err := s.users.User(ctx, p.User)
	if errors.Is(err, store.ErrNotFound) || err == nil && !message.Readable(&u, msg.To) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("reading the account: %w", err)
	}
	if s.accounts.Passwords() == nil {
		msg.Link = linkTo(p.Base, "/login")
		return msg, nil
	}
	return s.composeReset(ctx, msg, &u, p)
}
