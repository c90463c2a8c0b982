package onetime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// IssueCredential makes a link that is backed by a credential of its account, and returns its token. The id of the
// credential is the KeyID of the secret. The caller deletes earlier credentials of the kind.
func (l *Links) IssueCredential(ctx context.Context, kind string, link Link, data any) (token string, err error) {
	token, secret, err := l.Make(link)
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return "", err
	}
	return token, l.Credentials.PutCredential(ctx, store.Credential{
		Kind: kind, ID: KeyID(secret), Owner: link.Subject, Data: raw, Created: l.Now(), Expires: link.Until,
	})
}

// Credential returns the credential behind a link and reads its data, without spending it. It returns
// problem.InvalidLink if there is none.
func (l *Links) Credential(ctx context.Context, kind, id string, data any) (store.Credential, error) {
	k, err := l.Credentials.Credential(ctx, kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return k, problem.InvalidLink
	} else if err != nil {
		return k, fmt.Errorf("reading a link: %w", err)
	}
	if err := json.Unmarshal(k.Data, data); err != nil {
		return k, fmt.Errorf("reading a link: %w", err)
	}
	return k, nil
}

// Spend deletes the credential behind a link. Of concurrent callers one succeeds; the others get problem.InvalidLink.
func (l *Links) Spend(ctx context.Context, kind, id string) error {
	err := l.Credentials.DeleteCredential(ctx, kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return problem.InvalidLink
	} else if err != nil {
		return fmt.Errorf("spending a link: %w", err)
	}
	return nil
}

// Secrets are the secrets of several links about one credential, each as its KeyID, oldest first. They are part of the
// credential's data.
type Secrets []string

// With returns the secrets with one more, and keeps only the newest: links of earlier messages become invalid.
func (s Secrets) With(secret []byte, keep int) Secrets {
	all := append(slices.Clip(s), KeyID(secret))
	return all[max(0, len(all)-keep):]
}

// Has reports whether a link with that secret is still valid.
func (s Secrets) Has(secret []byte) bool { return slices.Contains(s, KeyID(secret)) }
