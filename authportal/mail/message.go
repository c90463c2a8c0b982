package mail

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Message is an email ready to be sent.
type Message struct {
	To, Subject, Text, HTML string // To is one address, without a name

	// ID is the same at every try of a message, so that servers and people recognize a second copy. Empty: a new one.
	ID string
}

// Composer writes the message that m requests; nil means that nothing is to be sent (no account has that address). It
// runs in the background, once for each try.
type Composer func(ctx context.Context, m store.Mail) (*Message, error)

// ErrRefused says that a message will never be accepted, however often it is tried: the recipient does not exist, or
// the message is malformed.
var ErrRefused = errors.New("refused for good")

// check refuses what could become another header or recipient (CWE-93).
func (m *Message) check() error {
	if err := oneAddress(m.To); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if strings.ContainsFunc(m.Subject, unicode.IsControl) || strings.ContainsFunc(m.ID, oddInID) {
		return fmt.Errorf("%w: subject or id hold control characters", ErrRefused)
	}
	if m.Subject == "" || m.Text == "" {
		return fmt.Errorf("%w: a letter without subject or text", ErrRefused)
	}
	return nil
}

func oddInID(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
}

func oneAddress(to string) error {
	a, err := mail.ParseAddress(to)
	if err != nil || a.Name != "" || a.Address != to || strings.ContainsFunc(to, unicode.IsControl) {
		return errors.New("the recipient is not one plain address")
	}
	return nil
}
