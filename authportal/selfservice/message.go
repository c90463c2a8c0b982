package selfservice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/authportal/mail"
	"github.com/gatehouse-auth/gatehouse/store"
)

// MailTemplates is an optional interface of Pages that renders messages. *pages.Set implements it.
type MailTemplates interface {
	// Letter renders the message template of that name in the language that best matches lang, an Accept-Language.
	Letter(lang, name string, data any) (subject, text, html string, err error)
}

// TestMail is the kind of the message that an operator sends to check that mail works.
const TestMail = "test"

// mailComposers returns the composer of each kind of message.
func (s *messages) mailComposers() map[string]mail.Composer {
	kinds := map[string]mail.Composer{TestMail: s.composeTest}
	for _, kind := range mailKinds {
		kinds[kind] = s.composeMail
	}
	return kinds
}

// Compose composes a message of the outbox; it is a mail.Composer. An unknown kind is an error, so that the message
// stays in the outbox: during a rolling upgrade, a newer gateway may have queued it and can send it.
func (s *messages) Compose(ctx context.Context, m store.Mail) (*mail.Message, error) {
	compose := s.mailComposers()[m.Kind]
	if compose == nil {
		return nil, fmt.Errorf("this version does not know messages of kind %q", m.Kind)
	}
	return compose(ctx, m)
}

// composeTest composes the test message. Its payload may hold a language.
func (s *messages) composeTest(_ context.Context, m store.Mail) (*mail.Message, error) {
	var payload struct {
		Lang string `json:"lang"`
	}
	if len(m.Payload) > 0 {
		if err := json.Unmarshal(m.Payload, &payload); err != nil {
			return nil, fmt.Errorf("reading the payload of a message: %w", err)
		}
	}
	return s.render(m.To, payload.Lang, TestMail, nil)
}

// render renders the templates of a message.
func (s *messages) render(to, lang, name string, data any) (*mail.Message, error) {
	writer, ok := s.pages.(MailTemplates)
	if !ok {
		return nil, errors.New("the pages have no message templates")
	}
	subject, text, html, err := writer.Letter(lang, name, data)
	if err != nil {
		return nil, err
	}
	return &mail.Message{To: to, Subject: subject, Text: text, HTML: html}, nil
}
