package password

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gatehouse-auth/gatehouse/store"
)

// leastWord is the least length of a part of a name that is looked for: shorter ones occur in every other word.
const leastWord = 3

// ownWords returns what an attacker of this account tries first: names and addresses of the person and of the site,
// whole and in their parts, folded, the longest first.
func ownWords(u *store.User, site []string) []string {
	texts := slices.Clone(site)
	if u != nil {
		texts = append(texts, u.Name, u.Username, u.Email)
	}
	var words []string
	for _, text := range texts {
		text = fold(text)
		words = append(words, text)
		local, domain, _ := strings.Cut(text, "@")
		words = append(words, local, domain, strings.Join(strings.Fields(text), ""))
		parts := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if strings.Contains(domain, ".") || len(strings.Fields(text)) == 1 && strings.Contains(text, ".") {
			parts = parts[:max(0, len(parts)-1)] // "com" is no part of a name
		}
		words = append(words, parts...)
		words = append(words, separators.Replace(local))
	}
	words = slices.DeleteFunc(words, func(w string) bool { return utf8.RuneCountInString(w) < leastWord })
	slices.SortFunc(words, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(words)
}

// likeLogin reports whether a folded password is made of such words: nothing is left without them, or so little that it
// is no more than they are.
func likeLogin(folded string, words []string) bool {
	texts := []string{folded}
	for _, r := range readings {
		texts = append(texts, r.Replace(folded))
	}
	for _, s := range texts {
		rest := s
		for _, w := range words {
			rest = strings.ReplaceAll(rest, w, "\x00")
		}
		if rest == s {
			continue
		}
		rest = strings.ReplaceAll(rest, "\x00", "")
		left := utf8.RuneCountInString(rest)
		hung := left <= hangers && strings.TrimFunc(rest, isHanger) == ""
		if left < 4 || hung || left <= utf8.RuneCountInString(s)-left || common(rest) {
			return true
		}
	}
	return false
}
