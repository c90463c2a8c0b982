package onetime

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/store"
)

// The token of a link has two parts, "<secret>.<label>". The secret is the key of a record in a store, which can be
// taken once. The label is the sealed Link: a page can name the account and check a form without spending the link, so
// that a scanner that opens every link of an email does no harm. The label alone grants nothing.

// SecretBytes is the length of a link's secret. It cannot be guessed, so attempts are limited by client address only.
const SecretBytes = 32

// maxLabel bounds the work on a token, which anyone can send.
const maxLabel = 2048

// secret64 is strict, so that a secret has exactly one encoding.
var secret64 = base64.RawURLEncoding.Strict()

// Link describes a link. All of it can be read from the token without spending the link.
type Link struct {
	Purpose string    // what the link is for; it is valid for nothing else
	Subject string    // id of the account
	Email   string    // address that the link was sent to, or another name of the account to show
	ID      string    // id of the record behind the link, where several links share one
	Until   time.Time // in whole seconds
}

// label is the sealed form of a Link. Its members are short because it is part of a URL.
type label struct {
	User  string `json:"u,omitempty"`
	Email string `json:"e"`
	Until int64  `json:"d"`
	ID    string `json:"i,omitempty"`
}

// Links makes, reads and spends links. A link is backed by a ticket, or by a credential if it must end with its account
// or outlive the session store. Links is safe for concurrent use.
type Links struct {
	Keys        *keyring.Keys
	Tickets     store.Tickets
	Credentials Credentials
	Now         func() time.Time
	Rand        io.Reader
}

// Credentials store the links that are not tickets; see [store.Credentials].
type Credentials interface {
	Credential(ctx context.Context, kind, id string) (store.Credential, error)
	PutCredential(ctx context.Context, c store.Credential) error
	DeleteCredential(ctx context.Context, kind, id string) error
}

// Make returns the token of a link and the secret in it. The link is invalid until a store has the KeyID of the secret.
func (l *Links) Make(link Link) (token string, secret []byte, err error) {
	if secret, err = l.secret(); err != nil {
		return "", nil, err
	}
	plain, err := json.Marshal(label{User: link.Subject, Email: link.Email, Until: link.Until.Unix(), ID: link.ID})
	if err != nil {
		return "", nil, err
	}
	// The secret is associated data, so that the label of one link cannot be attached to the secret of another.
	sealed, err := l.Keys.Seal(sealPurpose(link.Purpose), plain, secret)
	if err != nil {
		return "", nil, fmt.Errorf("sealing a link: %w", err)
	}
	return secret64.EncodeToString(secret) + "." + sealed, secret, nil
}

// Read returns the link of a token without spending it. ok is false if the token is forged, incomplete, expired or for
// another purpose. Only the store knows whether the link was already used.
func (l *Links) Read(purpose, token string) (link Link, secret []byte, ok bool) {
	head, sealed, _ := strings.Cut(token, ".")
	secret, ok = decodeSecret(head)
	if !ok || len(sealed) > maxLabel {
		return Link{}, nil, false
	}
	plain, err := l.Keys.Open(sealPurpose(purpose), sealed, secret)
	if err != nil {
		return Link{}, nil, false
	}
	var in label
	if json.Unmarshal(plain, &in) != nil || l.Now().Unix() >= in.Until {
		return Link{}, nil, false
	}
	link = Link{Purpose: purpose, Subject: in.User, Email: in.Email, ID: in.ID, Until: time.Unix(in.Until, 0)}
	return link, secret, true
}

// KeyID returns the id of a secret in a store: its SHA-256, in hex.
func KeyID(secret []byte) string {
	key := store.KeyOf(secret)
	return hex.EncodeToString(key[:])
}

// sealPurpose must not change: links that an earlier version sent must still open.
func sealPurpose(purpose string) string { return "mail " + purpose }

func decodeSecret(s string) ([]byte, bool) {
	secret, err := secret64.DecodeString(s)
	return secret, err == nil && len(secret) == SecretBytes
}

func (l *Links) secret() ([]byte, error) {
	b := make([]byte, SecretBytes)
	if _, err := io.ReadFull(l.Rand, b); err != nil {
		return nil, fmt.Errorf("reading randomness: %w", err)
	}
	return b, nil
}
