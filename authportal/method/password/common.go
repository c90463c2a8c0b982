package password

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

//go:generate go run ./internal/gentables

const (
	// hangers is how many digits and signs around a word count as nothing. More of them are more to guess.
	hangers = 6
	// walkLength is the least length of a run along a keyboard or the alphabet; shorter ones occur in every word.
	walkLength = 3
	// walkParts is how many such runs in a row are still no secret.
	walkParts = 3
)

// fold unifies what users consider equal: letter case, width and other forms of the same characters. A password is only
// checked in this form, never stored in it.
func fold(s string) string {
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
}

var separators = strings.NewReplacer(" ", "", "-", "", "_", "", ".", "")

func isSign(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

func isHanger(r rune) bool { return !unicode.IsLetter(r) }

// isCommonWord reports whether s is a word that is common in passwords.
func isCommonWord(s string) bool {
	_, found := slices.BinarySearch(commonWords[:], s)
	return found
}

// common reports whether a folded password is among those that attackers try first.
func common(folded string) bool {
	if len(folded) > 100 {
		return repeats(folded)
	}
	if repeats(folded) || walked(folded) || dated(folded) {
		return true
	}
	for _, whole := range []string{folded, separators.Replace(folded)} {
		for _, s := range cores(whole) {
			if isCommonWord(s) || isCommonWord(unit(s)) {
				return true
			}
			for _, r := range readings {
				plain := r.Replace(s)
				if isCommonWord(plain) || isCommonWord(unit(plain)) || isCommonWord(strings.TrimFunc(plain, isHanger)) {
					return true
				}
			}
		}
	}
	return false
}

// cores returns s, and s without the digits and signs around it.
func cores(s string) []string {
	list := []string{s}
	for _, c := range []string{
		strings.TrimRightFunc(s, isSign), strings.TrimRightFunc(s, isHanger),
		strings.TrimLeftFunc(s, isHanger), strings.TrimFunc(s, isHanger),
	} {
		rest := strings.Replace(s, c, "", 1)
		if c != "" && c != s && (utf8.RuneCountInString(rest) <= hangers || repeats(rest) || walked(rest)) {
			list = append(list, c)
		}
	}
	return list
}

// unit returns what a text repeats, such as "abc" for "abcabc"; the text itself where it repeats nothing.
func unit(s string) string {
	for n := 1; n <= len(s)/2; n++ {
		if len(s)%n == 0 && strings.Repeat(s[:n], len(s)/n) == s {
			return s[:n]
		}
	}
	return s
}

// repeats reports whether a text is one to four characters over and over again.
func repeats(s string) bool {
	u := unit(s)
	return u != s && utf8.RuneCountInString(u) <= 4
}

// walked reports whether a text is a few walks along a keyboard, the alphabet or the digits and nothing else.
func walked(s string) bool {
	for range walkParts {
		n := 0
		for _, w := range walks {
			for length := len(s); length > n; length-- {
				if strings.Contains(w, s[:length]) {
					n = length
					break
				}
			}
		}
		if same := len(s) - len(strings.TrimLeft(s, s[:min(1, len(s))])); same > n {
			n = same
		}
		if n < min(walkLength, len(s)) {
			return false
		}
		if s = s[n:]; s == "" {
			return true
		}
	}
	return false
}

// dated reports whether a text is a date of this century or the last one: 24121990, 1990-12-24, 24.12.1990.
func dated(s string) bool {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune("./- ", r) {
			return -1
		}
		return r
	}, s)
	if len(digits) != 8 || strings.Trim(digits, "0123456789") != "" {
		return false
	}
	year := func(y string) bool { return y[:2] == "19" || y[:2] == "20" }
	day := func(d string) bool {
		return d[:2] != "00" && d[2:] != "00" && (d[:2] <= "12" && d[2:] <= "31" || d[:2] <= "31" && d[2:] <= "12")
	}
	return year(digits[:4]) && day(digits[4:]) || year(digits[4:]) && day(digits[:4])
}
