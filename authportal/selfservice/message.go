package selfservice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/authportal/mail"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Letters is an optional ability of Pages: to write messages. *pages.Set has it.
type Letters interface {
	// Letter writes the message of that name in the language that suits lang, an Accept-Language, best.
	Letter(lang, name string, data any) (subject, text, html string, err error)
}

// LetterTest is the kind of the message that an operator sends to see whether mail works.
const LetterTest = "test"

// mailComposers says who writes the messages of each kind.
func (s *messages) mailComposers() map[string]mail.Composer {
	kinds := map[string]mail.Composer{LetterTest: s.composeTest}
	for _, kind := range mailKinds {
		kinds[kind] = s.composeMail
	}
	return kinds
}

// Compose writes a message of the outbox; it is a mail.Composer. A kind that it does not know is an error, so that the
// message is kept: during a rolling upgrade a newer gateway on the same outbox knows it.
func (s *messages) Compose(ctx context.Context, m store.Mail) (*mail.Message, error) {
	compose := s.mailComposers()[m.Kind]
	if compose == nil {
		return nil, fmt.Errorf("no letter of the kind %q is known in this version", m.Kind)
	}
	return compose(ctx, m)
}

// composeTest needs nothing from the payload but, perhaps, the language.
func (s *messages) composeTest(_ context.Context, m store.Mail) (*mail.Message, error) {
	var payload struct {
		Lang string `json:"lang"`
	}
	if len(m.Payload) > 0 {
		if err := json.Unmarshal(m.Payload, &payload); err != nil {
			return nil, fmt.Errorf("reading the payload of the message: %w", err)
		}
	}
	return s.write(m.To, payload.Lang, LetterTest, nil)
}

// write fills the templates of a message.
func (s *messages) write(to, lang, name string, data any) (*mail.Message, error) {
	writer, ok := s.pages.(Letters)
	if !ok {
		return nil, errors.New("the pages have no letters")
	}
	subject, text, html, err := writer.Letter(lang, name, data)
	if err != nil {
		return nil, err
	}
	return &mail.Message{To: to, Subject: subject, Text: text, HTML: html}, nil
}
