package problem

import (
	"strings"
)

// Bounded cuts s at n bytes, at the start of a character, and drops what is not text.
func Bounded(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}
