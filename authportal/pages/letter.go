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

// letterPrefix begins the names of all files that letters are made of: mail_<letter>.html and mail_<letter>.txt, with
// mail_layout of either kind around them. A brand's directory of templates replaces them by name.
const letterPrefix = "mail_"

// letter is one letter's templates, for all languages.
type letter struct {
	html *html.Template
	text *plaintext.Template
}

// letterSamples are data that letters are rehearsed with at the start, by letter.
var letterSamples = map[string]any{"test": nil, "confirm": letterSample, "reset": letterSample, "link": letterSample, "again": letterSample, "exists": letterSample,
	"password_changed": letterSample, "approval": letterSample, "approved": letterSample, "declined": letterSample, "invite": letterSample, "session_theft": letterSample,
	"email_change": letterSample, "email_taken": letterSample, "email_asked": letterSample, "email_changed": letterSample, "email_restored": letterSample,
	"email_undone": letterSample, "ticket": letterSample}

var letterSample = LetterData{Account: "ada@example.com", Email: "ada@example.net", Link: "https://auth.example.com/confirm?token=token", Code: "123456"}

// LetterData fills the letters about an account.
type LetterData struct {
	Account string // the address that it is about
	Email   string // the other address, in a letter about two
	Link    string // where the button leads; empty: there is none
	Code    string // of the letter "link": six digits
}

// LetterView is what the template of a letter gets.
type LetterView struct {
	Data             any    // what the letter is about
	Brand            string // the brand's name
	Accent, OnAccent string // colours: a button, and text on it
	Lang, Dir        string // attributes of <html>

	locale *locale
}

// T returns the translation of an id, as on pages.
func (v *LetterView) T(id string, pairs ...any) string {
	return (&View{locale: v.locale}).T(id, pairs...)
}

// Button is what the template "button" of the layout gets: a link that stands out, and its address to copy.
func (v *LetterView) Button(url, label string) LetterButton {
	return LetterButton{URL: url, Label: label, Accent: v.Accent, OnAccent: v.OnAccent}
}

// LetterButton is a link of a letter.
type LetterButton struct{ URL, Label, Accent, OnAccent string }

// Letter writes a letter in the language that suits best; lang is an Accept-Language or a tag, empty is English.
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
	subject = strings.Join(strings.Fields(first.String()), " ") // no line of a template becomes a header
	return subject, strings.TrimSpace(second.String()) + "\n", strings.TrimSpace(third.String()) + "\n", nil
}

// loadLetters reads the templates of letters, ours or the brand's, and writes once what it has samples for.
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

// trees are those of all templates of a letter.
func (l *letter) trees() (out []*parse.Tree) {
	for _, t := range l.html.Templates() {
		out = append(out, t.Tree)
	}
	for _, t := range l.text.Templates() {
		out = append(out, t.Tree)
	}
	return slices.DeleteFunc(out, func(t *parse.Tree) bool { return t == nil || t.Root == nil })
}

// letterFiles returns the text of every file by name, and what to call each in messages.
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
