package authportal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/authportal/mail"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Letters is an optional ability of Pages: to write letters. *pages.Set has it.
type Letters interface {
	// Letter writes the letter of that name in the language that suits lang, an Accept-Language, best.
	Letter(lang, name string, data any) (subject, text, html string, err error)
}

// LetterTest is the kind of the letter that an operator sends to see whether mail works.
const LetterTest = "test"

// letterKinds says who writes the letters of each kind.
func (p *Portal) letterKinds() map[string]mail.Composer {
	kinds := map[string]mail.Composer{LetterTest: p.composeTest}
	for _, kind := range draftKinds {
		kinds[kind] = p.composeDraft
	}
	return kinds
}

// Compose writes a letter of the outbox; it is a mail.Composer. A kind that it does not know is an error, so that the letter
// is kept: during a rolling upgrade a newer gateway on the same outbox knows it.
func (p *Portal) Compose(ctx context.Context, m store.Mail) (*mail.Message, error) {
	compose := p.letterKinds()[m.Kind]
	if compose == nil {
		return nil, fmt.Errorf("no letter of the kind %q is known in this version", m.Kind)
	}
	return compose(ctx, m)
}

// composeTest needs nothing from the payload but, perhaps, the language.
func (p *Portal) composeTest(_ context.Context, m store.Mail) (*mail.Message, error) {
	var about struct {
		Lang string `json:"lang"`
	}
	if len(m.Payload) > 0 {
		if err := json.Unmarshal(m.Payload, &about); err != nil {
			return nil, fmt.Errorf("reading what the letter is about: %w", err)
		}
	}
	return p.write(m.To, about.Lang, LetterTest, nil)
}

// write fills the templates of a letter.
func (p *Portal) write(to, lang, name string, data any) (*mail.Message, error) {
	writer, ok := p.pages.(Letters)
	if !ok {
		return nil, errors.New("the pages have no letters")
	}
	subject, text, html, err := writer.Letter(lang, name, data)
	if err != nil {
		return nil, err
	}
	return &mail.Message{To: to, Subject: subject, Text: text, HTML: html}, nil
}
