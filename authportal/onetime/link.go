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

// The token of a link has two parts, "<secret>.<label>". The secret is the key to a record in a store, which is used up
// once. The label says, sealed, what the link is about: a page can name the account and check a form without using
// anything up, so that a scanner that follows every link of an email does no harm. The label alone opens nothing.

// SecretBytes is the randomness of a link: what cannot be guessed is counted by address only.
const SecretBytes = 32

// maxLabel bounds what is opened of a token that anybody may have sent.
const maxLabel = 2048

// Strict: a token has one spelling.
var secret64 = base64.RawURLEncoding.Strict()

// Link is what a link is about. All of it can be read from the token without using the link up.
type Link struct {
	Purpose string    // a link of one purpose opens nothing of another
	Subject string    // id of the account
	Email   string    // whose mailbox the link was sent to, or what else names the account on a page
	ID      string    // of the record that the link is about, where several links are about one
	Until   time.Time // in whole seconds
}

// label is a Link as it is sealed; its members are short because it stands in a URL.
type label struct {
	User  string `json:"u,omitempty"`
	Email string `json:"e"`
	Until int64  `json:"d"`
	ID    string `json:"i,omitempty"`
}

// Links makes links, reads them and uses them up. Its backings are tickets, for a link that stands alone, and
// credentials, for one that ends with its account or must outlive the session store. It is safe for concurrent use.
type Links struct {
	Keys        *keyring.Keys
	Tickets     store.Tickets
	Credentials Credentials
	Now         func() time.Time
	Rand        io.Reader
}

// Credentials are what links may be kept in beside tickets: see [store.Credentials].
type Credentials interface {
	Credential(ctx context.Context, kind, id string) (store.Credential, error)
	PutCredential(ctx context.Context, c store.Credential) error
	DeleteCredential(ctx context.Context, kind, id string) error
}

// Make returns the token of a link and the secret in it. It is worth nothing until a store knows KeyID of the secret.
func (l *Links) Make(link Link) (token string, secret []byte, err error) {
	if secret, err = l.secret(); err != nil {
		return "", nil, err
	}
	plain, err := json.Marshal(label{User: link.Subject, Email: link.Email, Until: link.Until.Unix(), ID: link.ID})
	if err != nil {
		return "", nil, err
	}
	// Bound to the secret: the label of one link says nothing beside another's.
	sealed, err := l.Keys.Seal(sealPurpose(link.Purpose), plain, secret)
	if err != nil {
		return "", nil, fmt.Errorf("making a link: %w", err)
	}
	return secret64.EncodeToString(secret) + "." + sealed, secret, nil
}

// Read returns what a token is about, and uses nothing up; !ok: it is forged, incomplete, too old or of another
// purpose. Whether the link was used already only its store knows.
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

// KeyID names a secret in a store: its SHA-256, in hex.
func KeyID(secret []byte) string {
	key := store.KeyOf(secret)
	return hex.EncodeToString(key[:])
}

// sealPurpose is fixed: links that were sent by earlier versions are still on their way.
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
