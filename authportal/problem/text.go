package problem

import (
	"strings"
)

// Bounded truncates s to n bytes without splitting a character, and replaces control characters by spaces, so that
// client input cannot forge or flood log lines.
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
