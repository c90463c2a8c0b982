package pages

import (
	"strings"

	"golang.org/x/text/language"
)

// maxAccept bounds how much of Accept-Language is read.
const maxAccept = 500

// pick returns the language that best matches an Accept-Language, or English.
func (c *catalogue) pick(accept string) *locale {
	if len(accept) > maxAccept {
		accept = accept[:max(0, strings.LastIndexByte(accept[:maxAccept], ','))]
	}
	var known []string
	for entry := range strings.SplitSeq(accept, ",") {
		// Ignore invalid entries.
		if _, _, err := language.ParseAcceptLanguage(entry); err == nil {
			known = append(known, entry)
		}
	}
	tags, _, err := language.ParseAcceptLanguage(strings.Join(known, ","))
	if err != nil || len(tags) == 0 {
		return c.locales[0]
	}
	_, i, confidence := c.matcher.Match(tags...)
	if confidence == language.No {
		i = 0
	}
	return c.locales[i]
}

// direction returns the value of the dir attribute.
func direction(tag language.Tag) string {
	script, _ := tag.Script()
	switch script.String() {
	case "Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm", "Mand", "Samr", "Rohg", "Yezi":
		return "rtl"
	}
	return "ltr"
}

// didYouMean returns a hint with the known id that is nearest to a wrong one, if one is near.
func didYouMean[V any](wrong string, known map[string]V) string {
	best, least := "", max(2, len(wrong)/4)+1
	for id := range known {
		if d := distance(wrong, id); d < least || d == least && best != "" && id < best {
			best, least = id, d
		}
	}
	if best == "" {
		return ""
	}
	return " (did you mean \"" + best + "\"?)"
}

// distance returns the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
