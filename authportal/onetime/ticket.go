package onetime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Issue makes a link that a ticket backs, and returns its token. The payload, as JSON, is what Take returns.
func (l *Links) Issue(ctx context.Context, link Link, payload any) (token string, err error) {
	token, secret, err := l.Make(link)
	if err != nil {
		return "", err
	}
	return token, l.put(ctx, sealPurpose(link.Purpose), secret, payload, link.Until)
}

// Take uses a link up and reads its payload: of any number of callers one gets it, the others problem.InvalidLink.
func (l *Links) Take(ctx context.Context, purpose, token string, payload any) error {
	_, secret, ok := l.Read(purpose, token)
	if !ok {
		return problem.InvalidLink
	}
	return l.take(ctx, sealPurpose(purpose), secret, payload)
}

// A bare token is a secret without a label, for a link that is about no account.

// IssueBare makes a bare token that a ticket backs.
func (l *Links) IssueBare(ctx context.Context, purpose string, payload any, until time.Time) (token string, err error) {
	secret, err := l.secret()
	if err != nil {
		return "", err
	}
	return secret64.EncodeToString(secret), l.put(ctx, purpose, secret, payload, until)
}

// WellFormed reports whether a bare token may be one, without looking for it.
func WellFormed(token string) bool {
	_, ok := decodeSecret(token)
	return ok
}

// TakeBare uses a bare token up, as Take does.
func (l *Links) TakeBare(ctx context.Context, purpose, token string, payload any) error {
	secret, ok := decodeSecret(token)
	if !ok {
		return problem.InvalidLink
	}
	return l.take(ctx, purpose, secret, payload)
}

// RestoreBare makes a bare token good again that was taken in vain.
func (l *Links) RestoreBare(ctx context.Context, purpose, token string, payload any, until time.Time) error {
	secret, ok := decodeSecret(token)
	if !ok {
		return problem.InvalidLink
	}
	return l.put(ctx, purpose, secret, payload, until)
}

func (l *Links) put(ctx context.Context, purpose string, secret []byte, payload any, until time.Time) error {
	raw, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	if err := l.Tickets.PutTicket(ctx, purpose, store.KeyOf(secret), raw, until); err != nil {
		return fmt.Errorf("making a link: %w", err)
	}
	return nil
}

func (l *Links) take(ctx context.Context, purpose string, secret []byte, payload any) error {
	raw, err := l.Tickets.TakeTicket(ctx, purpose, store.KeyOf(secret))
	if errors.Is(err, store.ErrNotFound) {
		return problem.InvalidLink
	} else if err != nil {
		return fmt.Errorf("taking a link: %w", err)
	}
	if err := json.Unmarshal(raw, payload); err != nil {
		return fmt.Errorf("reading a link: %w", err)
	}
	return nil
}
