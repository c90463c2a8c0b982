package password

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// commonWords are what most of the passwords that everybody tries first are made of. The list is short, because a password is
// reduced before it is looked up: "P@ssw0rd2024!" is the word "password" with what people hang on it.
//
//go:embed common.txt
var commonText string

var commonWords = func() map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(commonText) {
		all[w] = true
	}
	return all
}()

const (
	// hangers is how many digits and signs around a word count as nothing. More of them are more to guess.
	hangers = 6
	// walkLength is the least length of a run along a keyboard or the alphabet; shorter ones occur in every word.
	walkLength = 3
	// walkParts is how many such runs in a row are still no secret.
	walkParts = 3
)

// walks are rows and columns of keyboards, the alphabet and the digits. They are walked in both directions.
var walks = func() (all []string) {
	for _, w := range []string{"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop[]", "qwertzuiopü+", "azertyuiop", "asdfghjkl;'", "asdfghjklöä",
		"qsdfghjklm", "zxcvbnm,./", "yxcvbnm,.-", "wxcvbn", "1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik,", "1qay", "6zhn", "!@#$%^&*()_+", "!\"§$%&/()=",
		"147", "258", "369", "159", "357", "741", "852", "963"} {
		all = append(all, w, reversed(w))
	}
	return all
}()

func reversed(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeLastRuneInString(s)
		b.WriteRune(r)
		s = s[:len(s)-n]
	}
	return b.String()
}

// fold makes alike what people hold to be alike: letter case, width and other forms of the same characters. A password is
// only judged in this form; it is kept as it was typed.
func fold(s string) string {
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
}

// The two readings of letters written as digits and signs: a 1 is an i or an l.
var unleet = []*strings.Replacer{
	strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "@", "a", "$", "s", "!", "i", "+", "t", "€", "e"),
	strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "@", "a", "$", "s", "!", "l", "|", "l", "€", "e"),
}

var separators = strings.NewReplacer(" ", "", "-", "", "_", "", ".", "")

func isSign(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

func isHanger(r rune) bool { return !unicode.IsLetter(r) }

// common tells whether a folded password is among those that everybody tries first.
func common(folded string) bool {
	if len(folded) > 100 {
		return repeats(folded)
	}
	if repeats(folded) || walked(folded) || dated(folded) {
		return true
	}
	for _, whole := range []string{folded, separators.Replace(folded)} {
		for _, s := range cores(whole) {
			if commonWords[s] || commonWords[unit(s)] {
				return true
			}
			for _, r := range unleet {
				plain := r.Replace(s)
				if commonWords[plain] || commonWords[unit(plain)] || commonWords[strings.TrimFunc(plain, isHanger)] {
					return true
				}
			}
		}
	}
	return false
}

// cores returns s, and s without what hangs on it.
func cores(s string) []string {
	list := []string{s}
	for _, c := range []string{strings.TrimRightFunc(s, isSign), strings.TrimRightFunc(s, isHanger), strings.TrimLeftFunc(s, isHanger), strings.TrimFunc(s, isHanger)} {
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

// repeats tells whether a text is one to four characters over and over again.
func repeats(s string) bool {
	u := unit(s)
	return u != s && utf8.RuneCountInString(u) <= 4
}

// walked tells whether a text is a few walks along a keyboard, the alphabet or the digits and nothing else.
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

// dated tells whether a text is a date of this century or the last one: 24121990, 1990-12-24, 24.12.1990.
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
