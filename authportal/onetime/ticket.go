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

// Issue makes a link that is backed by a ticket, and returns its token. Take returns the payload, which is kept as
// JSON.
func (l *Links) Issue(ctx context.Context, link Link, payload any) (token string, err error) {
	token, secret, err := l.Make(link)
	if err != nil {
		return "", err
	}
	return token, l.put(ctx, sealPurpose(link.Purpose), secret, payload, link.Until)
}

// Take spends a link and reads its payload. Of concurrent callers one gets it; the others get problem.InvalidLink.
func (l *Links) Take(ctx context.Context, purpose, token string, payload any) error {
	_, secret, ok := l.Read(purpose, token)
	if !ok {
		return problem.InvalidLink
	}
	return l.take(ctx, sealPurpose(purpose), secret, payload)
}

// IssueBare makes a bare token that is backed by a ticket. A bare token is a secret without a label, for a link that
// belongs to no account.
func (l *Links) IssueBare(ctx context.Context, purpose string, payload any, until time.Time) (token string, err error) {
	secret, err := l.secret()
	if err != nil {
		return "", err
	}
	return secret64.EncodeToString(secret), l.put(ctx, purpose, secret, payload, until)
}

// WellFormed reports whether a string has the form of a bare token. It does not look the token up.
func WellFormed(token string) bool {
	_, ok := decodeSecret(token)
	return ok
}

// TakeBare spends a bare token, as Take does.
func (l *Links) TakeBare(ctx context.Context, purpose, token string, payload any) error {
	secret, ok := decodeSecret(token)
	if !ok {
		return problem.InvalidLink
	}
	return l.take(ctx, purpose, secret, payload)
}

// RestoreBare makes a bare token valid again after what it was taken for failed.
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
		return fmt.Errorf("storing a link: %w", err)
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
