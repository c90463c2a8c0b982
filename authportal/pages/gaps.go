package pages

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// A sentence has gaps: "Try again in {{.minutes}} minutes." That is all of a template language that translations get:
// there is nothing in it to go wrong at a visitor's, and nothing to run.

var gap = regexp.MustCompile(`\{\{ *\.([a-z][a-z0-9_]*) *\}\}`)

// gapsOf returns the names of the gaps, or what is wrong with the sentence.
func gapsOf(sentence string) ([]string, error) {
	var names []string
	for _, m := range gap.FindAllStringSubmatch(sentence, -1) {
		names = append(names, m[1])
	}
	if rest := gap.ReplaceAllString(sentence, ""); strings.Contains(rest, "{{") || strings.Contains(rest, "}}") {
		return nil, fmt.Errorf("%q has braces that are no gap: write gaps as {{.minutes}}", sentence)
	}
	return names, nil
}

// gapParser lets go-i18n fill gaps and nothing else. What fills them is text: it is escaped where it meets HTML.
type gapParser struct{}

var _ template.Parser = gapParser{}

func (gapParser) Cacheable() bool { return true }

func (gapParser) Parse(src, _, _ string) (template.ParsedTemplate, error) { return sentence(src), nil }

type sentence string

// Execute fills the gaps from a map[string]string; what is not in it leaves nothing behind.
func (s sentence) Execute(data any) (string, error) {
	args, _ := data.(map[string]string)
	return gap.ReplaceAllStringFunc(string(s), func(m string) string { return args[gap.FindStringSubmatch(m)[1]] }), nil
}
