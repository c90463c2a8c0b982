package authportal

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// writeEmail writes the messages about a change of address. a.Who is the address at the other end of it.
func (p *Portal) writeEmail(ctx context.Context, l *mailMessage, a *mailPayload) (*mailMessage, error) {
	l.Email = a.Who
	switch l.Kind {
	case mailEmailChange:
		l.Account, l.Email = a.Who, l.To
		return p.writeEmailChange(ctx, l, a)
	case mailEmailAsked:
		l.Link = linkTo(a.Base, "/account")
		if p.accounts.Passwords() != nil {
			l.Link = linkTo(a.Base, "/forgot") // a new password ends what was asked for with the old one
		}
	case mailEmailChanged:
		token, _, err := p.newEmailLink(ctx, store.KindEmailUndo, a.ID)
		if errors.Is(err, problem.InvalidLink) {
			return nil, nil // undone meanwhile, by the link of an earlier change
		} else if err != nil {
			return nil, err
		}
		l.Link = a.Base + "/email/undo?token=" + url.QueryEscape(token)
	case mailEmailRestored:
		return p.writeRestored(ctx, l, a)
	}
	return l, nil
}

// writeEmailChange tells apart what the one who asked is not told: the address is free, or it has an account.
func (p *Portal) writeEmailChange(ctx context.Context, l *mailMessage, a *mailPayload) (*mailMessage, error) {
	has, err := p.users.FindUser(ctx, l.To)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && has.Email != l.To:
	case err != nil:
		return nil, fmt.Errorf("looking for the account: %w", err)
	case has.ID == a.User || !readable(&has, l.To):
		return nil, nil
	default:
		// Nothing of the other account is told here, whose owner may be a stranger.
		l.Kind, l.Account, l.Email, l.Link = "email_taken", l.To, "", linkTo(a.Base, "/login")
		return l, nil
	}
	token, _, err := p.newEmailLink(ctx, store.KindEmailChange, a.ID)
	if errors.Is(err, problem.InvalidLink) {
		return nil, nil // something else was asked for since
	} else if err != nil {
		return nil, err
	}
	l.Link = a.Base + "/email?token=" + url.QueryEscape(token)
	return l, nil
}

// writeRestored asks for a new password: the one that was there is gone.
func (p *Portal) writeRestored(ctx context.Context, l *mailMessage, a *mailPayload) (*mailMessage, error) {
	u, err := p.users.User(ctx, a.User)
	if errors.Is(err, store.ErrNotFound) || err == nil && !readable(&u, l.To) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("reading the account: %w", err)
	}
	if p.accounts.Passwords() == nil {
		l.Link = linkTo(a.Base, "/login")
		return l, nil
	}
	return p.writeReset(ctx, l, &u, a)
}
