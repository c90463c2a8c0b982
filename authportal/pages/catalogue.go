package pages

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// catalogue holds the translations of all languages.
type catalogue struct {
	locales []*locale // English, the fallback, is the first
	matcher language.Matcher
}

// locale is one language. A missing translation falls back to the parent language and finally to English.
type locale struct {
	lang, dir string // attributes of <html>
	brand     string
	messages  map[string]*i18n.Message
	localizer *i18n.Localizer
}

// Prefixes of ids that a brand may add: labels of its own fields and methods, and sentences of its own templates.
var ownIDs = []string{"field_", "method_", "own_"}

// newCatalogue merges the built-in files with those of a brand, which win.
func newCatalogue(brand string, ours, theirs []*localeFile) (*catalogue, error) {
	byTag, order := map[language.Tag]map[string]*i18n.Message{}, []language.Tag{language.English}
	for _, f := range slices.Concat(ours, theirs) {
		if byTag[f.tag] == nil {
			byTag[f.tag] = map[string]*i18n.Message{}
			if f.tag != language.English {
				order = append(order, f.tag)
			}
		}
		for _, m := range f.messages {
			byTag[f.tag][m.ID] = m
		}
	}
	known := map[string][]string{} // gaps that each sentence may have
	for _, f := range ours {
		for _, m := range f.messages {
			for _, s := range formsOf(m) {
				gaps, err := gapsOf(s)
				if err != nil {
					return nil, f.errorf(f.lines[m.ID], "%q: %w", m.ID, err)
				}
				known[m.ID] = append(known[m.ID], gaps...)
			}
		}
	}
	for _, f := range theirs {
		if err := f.check(known); err != nil {
			return nil, err
		}
	}
	c := &catalogue{}
	for _, tag := range order {
		l, err := newLocale(brand, tag, byTag)
		if err != nil {
			return nil, err
		}
		c.locales = append(c.locales, l)
	}
	c.matcher = language.NewMatcher(order)
	return c, nil
}

// check refuses ids that no page uses, which are usually typing errors, and empty sentences.
func (f *localeFile) check(known map[string][]string) error {
	for _, m := range f.messages {
		gaps, ours := known[m.ID]
		own := slices.ContainsFunc(ownIDs, func(p string) bool { return strings.HasPrefix(m.ID, p) })
		if !ours && !own {
			return f.errorf(f.lines[m.ID], "there is no sentence %q%s: see docs/branding.md for the list; ids of your own begin with own_, field_ or method_",
				m.ID, didYouMean(m.ID, known))
		}
		for _, s := range formsOf(m) {
			have, err := gapsOf(s)
			if err != nil {
				return f.errorf(f.lines[m.ID], "%q: %w", m.ID, err)
			}
			for _, g := range have {
				if ours && g != "brand" && !slices.Contains(gaps, g) {
					return f.errorf(f.lines[m.ID], "%q: nothing fills the gap {{.%s}}: this sentence has %s", m.ID, g, listGaps(gaps))
				}
			}
		}
	}
	return nil
}

func listGaps(gaps []string) string {
	all := []string{"{{.brand}}"}
	for _, g := range gaps {
		all = append(all, "{{."+g+"}}")
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}

func newLocale(brand string, tag language.Tag, all map[language.Tag]map[string]*i18n.Message) (*locale, error) {
	l := &locale{lang: tag.String(), dir: direction(tag), brand: brand, messages: map[string]*i18n.Message{}}
	for t := tag; ; t = t.Parent() {
		if t == language.Und {
			t = language.English
		}
		for id, m := range all[t] {
			if l.messages[id] == nil {
				l.messages[id] = m
			}
		}
		if t == language.English {
			break
		}
	}
	// A bundle of one language: with several, go-i18n would match "en" to "en-GB" if that was loaded first.
	b := i18n.NewBundle(tag)
	for _, m := range l.messages {
		if err := b.AddMessages(tag, m); err != nil {
			return nil, fmt.Errorf("language %s: %w: name the file after a language that has plural rules in CLDR", tag, err)
		}
	}
	l.localizer = i18n.NewLocalizer(b, tag.String())
	return l, nil
}

// counts are the gaps that select a plural form, if they hold an integer.
var counts = []string{"minutes", "min", "count"}

// say returns the sentence of an id, or false if there is none.
func (l *locale) say(id string, args map[string]any) (string, bool) {
	if l.messages[id] == nil {
		return "", false
	}
	fill := map[string]string{"brand": l.brand}
	for name, v := range args {
		fill[name] = fmt.Sprint(v)
	}
	cfg := &i18n.LocalizeConfig{MessageID: id, TemplateData: fill, TemplateParser: gapParser{}}
	gaps, _ := gapsOf(l.messages[id].Other)
	for _, name := range gaps {
		if n, ok := args[name].(int); ok && slices.Contains(counts, name) {
			cfg.PluralCount = n
		}
	}
	s, err := l.localizer.Localize(cfg)
	return s, err == nil || s != ""
}

// has reports whether an id has a sentence.
func (l *locale) has(id string) bool { return l.messages[id] != nil }
