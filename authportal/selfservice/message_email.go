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

// writeEmail writes the messages about a change of address. a.Who is the address at the other end of it.
func (s *messages) writeEmail(ctx context.Context, l *message.Message, a *message.Payload) (*message.Message, error) {
	l.Email = a.Who
	switch l.Kind {
	case message.EmailChange:
		l.Account, l.Email = a.Who, l.To
		return s.writeEmailChange(ctx, l, a)
	case message.EmailAsked:
		l.Link = linkTo(a.Base, "/account")
		if s.accounts.Passwords() != nil {
			l.Link = linkTo(a.Base, "/forgot") // a new password ends what was asked for with the old one
		}
	case message.EmailChanged:
		token, _, err := s.emails.newEmailLink(ctx, store.KindEmailUndo, a.ID)
		if errors.Is(err, problem.InvalidLink) {
			return nil, nil // undone meanwhile, by the link of an earlier change
		} else if err != nil {
			return nil, err
		}
		l.Link = a.Base + "/email/undo?token=" + url.QueryEscape(token)
	case message.EmailRestored:
		return s.writeRestored(ctx, l, a)
	}
	return l, nil
}

// writeEmailChange tells apart what the one who asked is not told: the address is free, or it has an account.
func (s *messages) writeEmailChange(ctx context.Context, l *message.Message, a *message.Payload) (*message.Message, error) {
	has, err := s.users.FindUser(ctx, l.To)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && has.Email != l.To:
	case err != nil:
		return nil, fmt.Errorf("looking for the account: %w", err)
	case has.ID == a.User || !message.Readable(&has, l.To):
		return nil, nil
	default:
		// Nothing of the other account is told here, whose owner may be a stranger.
		l.Kind, l.Account, l.Email, l.Link = "email_taken", l.To, "", linkTo(a.Base, "/login")
		return l, nil
	}
	token, _, err := s.emails.newEmailLink(ctx, store.KindEmailChange, a.ID)
	if errors.Is(err, problem.InvalidLink) {
		return nil, nil // something else was asked for since
	} else if err != nil {
		return nil, err
	}
	l.Link = a.Base + "/email?token=" + url.QueryEscape(token)
	return l, nil
}

// writeRestored asks for a new password: the one that was there is gone.
func (s *messages) writeRestored(ctx context.Context, l *message.Message, a *message.Payload) (*message.Message, error) {
	u, err := s.users.User(ctx, a.User)
	if errors.Is(err, store.ErrNotFound) || err == nil && !message.Readable(&u, l.To) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("reading the account: %w", err)
	}
	if s.accounts.Passwords() == nil {
		l.Link = linkTo(a.Base, "/login")
		return l, nil
	}
	return s.writeReset(ctx, l, &u, a)
}
