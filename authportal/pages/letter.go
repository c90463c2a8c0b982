package pages

import (
	"bytes"
	"errors"
	"fmt"
	html "html/template"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	plaintext "text/template"
	"text/template/parse"
)

// letterPrefix begins the names of all message templates: mail_<name>.html and mail_<name>.txt, with mail_layout of
// either kind around them. A brand's directory of templates replaces them by name.
const letterPrefix = "mail_"

// letter holds the templates of one message, for all languages.
type letter struct {
	html *html.Template
	text *plaintext.Template
}

// letterSamples are the data with which templates are tried at the start, by name.
var letterSamples = map[string]any{"test": nil, "confirm": letterSample, "reset": letterSample, "link": letterSample, "again": letterSample, "exists": letterSample,
	"password_changed": letterSample, "approval": letterSample, "approved": letterSample, "declined": letterSample, "invite": letterSample, "session_theft": letterSample,
	"email_change": letterSample, "email_taken": letterSample, "email_asked": letterSample, "email_changed": letterSample, "email_restored": letterSample,
	"email_undone": letterSample, "ticket": letterSample}

var letterSample = LetterData{Account: "ada@example.com", Email: "ada@example.net", Link: "https://auth.example.com/confirm?token=token", Code: "123456"}

// LetterData fills the messages about an account.
type LetterData struct {
	Account string // address of the account
	Email   string // the other address, in a message about two
	Link    string // target of the button; empty: no button
	Code    string // six digits, in the message "link"
}

// LetterView is what the template of a message gets.
type LetterView struct {
	Data             any    // such as LetterData
	Brand            string // the brand's name
	Accent, OnAccent string // colours of a button and of the text on it
	Lang, Dir        string // attributes of <html>

	locale *locale
}

// T returns the translation of an id, as on pages.
func (v *LetterView) T(id string, pairs ...any) string {
	return (&View{locale: v.locale}).T(id, pairs...)
}

// Button returns the data of the layout's template "button": a prominent link and its URL to copy.
func (v *LetterView) Button(url, label string) LetterButton {
	return LetterButton{URL: url, Label: label, Accent: v.Accent, OnAccent: v.OnAccent}
}

// LetterButton is a link in a message.
type LetterButton struct{ URL, Label, Accent, OnAccent string }

// Letter renders a message in the best matching language; lang is an Accept-Language or a tag, empty is English. The
// subject is one line.
func (s *Set) Letter(lang, name string, data any) (subject, plain, rich string, err error) {
	l := s.letters[name]
	if l == nil {
		return "", "", "", fmt.Errorf("there is no letter %q", name)
	}
	accent, err := parseColour(s.brand.Accent)
	if err != nil {
		return "", "", "", err
	}
	locale := s.catalogue.pick(lang)
	v := &LetterView{Data: data, Brand: s.brand.Name, Accent: accent.String(), OnAccent: newPalette(accent, light).on.String(),
		Lang: locale.lang, Dir: locale.dir, locale: locale}
	var first, second, third bytes.Buffer
	err = errors.Join(l.text.ExecuteTemplate(&first, "subject", v), l.text.Execute(&second, v), l.html.Execute(&third, v))
	if err != nil {
		return "", "", "", fmt.Errorf("templates: %w: correct the file, or take it out to have ours back", err)
	}
	// A line break would start another header (header injection).
	subject = strings.Join(strings.Fields(first.String()), " ")
	return subject, strings.TrimSpace(second.String()) + "\n", strings.TrimSpace(third.String()) + "\n", nil
}

// loadLetters parses the message templates, built-in or the brand's, and tries those that have samples.
func (s *Set) loadLetters() error {
	files, from, err := letterFiles(s.brand.Templates)
	if err != nil {
		return err
	}
	s.letters = map[string]*letter{}
	for file := range files {
		name, ok := strings.CutSuffix(strings.TrimPrefix(file, letterPrefix), ".txt")
		if !ok || name == "layout" {
			continue
		}
		l := &letter{html: html.New(name), text: plaintext.New(name)}
		for _, part := range []string{letterPrefix + "layout", letterPrefix + name} {
			_, err := l.html.New(from[part+".html"]).Parse(files[part+".html"])
			if err == nil {
				_, err = l.text.New(from[part+".txt"]).Parse(files[part+".txt"])
			}
			if err != nil {
				return fmt.Errorf("templates: %w: correct the file, or take it out to have ours back", err)
			}
		}
		l.html, l.text = l.html.Lookup(from[letterPrefix+name+".html"]), l.text.Lookup(from[letterPrefix+name+".txt"])
		if l.html == nil || l.text == nil || l.text.Lookup("subject") == nil {
			return fmt.Errorf("templates: the letter %s says nothing, or has no subject: write what shall stand there, or take the file out to have ours back", name)
		}
		s.letters[name] = l
		for _, tree := range l.trees() {
			if err := checkTree(tree, s.catalogue.locales[0]); err != nil {
				return err
			}
		}
	}
	for name, data := range letterSamples {
		if _, _, _, err := s.Letter("", name, data); err != nil {
			return err
		}
	}
	return nil
}

// trees returns the parse trees of all templates of a message.
func (l *letter) trees() (out []*parse.Tree) {
	for _, t := range l.html.Templates() {
		out = append(out, t.Tree)
	}
	for _, t := range l.text.Templates() {
		out = append(out, t.Tree)
	}
	return slices.DeleteFunc(out, func(t *parse.Tree) bool { return t == nil || t.Root == nil })
}

// letterFiles returns the text of all files by name, and the name of each for error messages.
func letterFiles(dir string) (text, from map[string]string, err error) {
	text, from = map[string]string{}, map[string]string{}
	ours, err := fs.ReadDir(files, "mails")
	if err != nil {
		return nil, nil, err
	}
	for _, e := range ours {
		b, err := fs.ReadFile(files, "mails/"+e.Name())
		if err != nil {
			return nil, nil, err
		}
		text[e.Name()], from[e.Name()] = string(b), e.Name()
	}
	if dir == "" {
		return text, from, nil
	}
	list, err := readDirectory("templates", dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range list {
		name := e.Name()
		if !strings.HasPrefix(name, letterPrefix) {
			continue
		}
		file := filepath.Join(dir, name)
		if _, known := text[name]; !known {
			return nil, nil, fmt.Errorf("templates: %s replaces nothing%s: give it the name of one of our letters, or take it out",
				file, didYouMean(name, text))
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, nil, fmt.Errorf("templates: %w: make it a file that this server may read", err)
		}
		text[name], from[name] = string(b), file
	}
	return text, from, nil
}
