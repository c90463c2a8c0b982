package pages

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// localeFile is one file of translations: "de.json" holds {"id": "sentence", "id": {"one": "…", "other": "…"}}.
type localeFile struct {
	name     string // for error messages
	tag      language.Tag
	messages []*i18n.Message
	lines    map[string]int // line number of each id
}

func (f *localeFile) errorf(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", f.name, line, fmt.Errorf(format, args...))
}

// readLocale reads a file strictly: a translation that would be ignored is an error with its line.
func readLocale(name string, raw []byte) (*localeFile, error) {
	base := strings.TrimSuffix(path.Base(name), ".json")
	tag, err := language.Parse(base)
	if err != nil || tag == language.Und {
		return nil, fmt.Errorf("%s: %q is no language: name the file after a BCP 47 tag, such as fr.json or pt-BR.json", name, base)
	}
	f := &localeFile{name: name, tag: tag, lines: map[string]int{}}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	lineAt := func(offset int64) int { return 1 + bytes.Count(raw[:max(0, min(int(offset), len(raw)))], []byte("\n")) }
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(raw, &whole); err != nil {
		at := lineAt(0)
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = lineAt(syntax.Offset - 1)
		}
		return nil, f.errorf(at, `not readable as a JSON object { "login_title": "…" }: %w`, err)
	}
	// Read it again by tokens, for line numbers and duplicates.
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		id, _ := t.(string)
		at := lineAt(d.InputOffset())
		if _, twice := f.lines[id]; twice {
			return nil, f.errorf(at, "%q is there twice, first in line %d: take one out", id, f.lines[id])
		}
		f.lines[id] = at
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		m, err := readMessage(id, value)
		if err != nil {
			return nil, f.errorf(at, "%q: %w", id, err)
		}
		f.messages = append(f.messages, m)
	}
	return f, nil
}

var errForm = errors.New(`must be a sentence, or an object of its plural forms (zero, one, two, few, many, other), "other" among them`)

// readMessage reads a sentence or its plural forms.
func readMessage(id string, value json.RawMessage) (*i18n.Message, error) {
	m := &i18n.Message{ID: id}
	if json.Unmarshal(value, &m.Other) == nil && m.Other != "" {
		return m, nil
	}
	var forms map[string]string
	if json.Unmarshal(value, &forms) != nil {
		return nil, errForm
	}
	into := map[string]*string{"zero": &m.Zero, "one": &m.One, "two": &m.Two, "few": &m.Few, "many": &m.Many, "other": &m.Other}
	for form, text := range forms {
		if into[form] == nil {
			return nil, errForm
		}
		*into[form] = text
	}
	if m.Other == "" {
		return nil, errForm
	}
	return m, nil
}

// formsOf returns all plural forms of a message.
func formsOf(m *i18n.Message) []string {
	var out []string
	for _, s := range []string{m.Zero, m.One, m.Two, m.Few, m.Many, m.Other} {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}
