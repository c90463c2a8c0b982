package pages

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// A sentence has gaps: "Try again in {{.minutes}} minutes." Translations cannot use any other template syntax, so that
// they cannot fail at run time or run code.

var gap = regexp.MustCompile(`\{\{ *\.([a-z][a-z0-9_]*) *\}\}`)

// gapsOf returns the names of the gaps of a sentence, or an error.
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

// gapParser makes go-i18n fill gaps and nothing else. Values are text, which the HTML template escapes.
type gapParser struct{}

var _ template.Parser = gapParser{}

func (gapParser) Cacheable() bool { return true }

func (gapParser) Parse(src, _, _ string) (template.ParsedTemplate, error) { return sentence(src), nil }

type sentence string

// Execute fills the gaps from a map[string]string; a missing value is empty.
func (s sentence) Execute(data any) (string, error) {
	args, _ := data.(map[string]string)
	return gap.ReplaceAllStringFunc(string(s), func(m string) string { return args[gap.FindStringSubmatch(m)[1]] }), nil
}
