package redis

import "strings"

// User-Agents are long and much alike: 111 bytes of which some 15 say something. Bytes from 0x80 stand for the phrases
// below, 0x7f escapes a byte that is one of these. The list only ever grows at its end.
var phrases = [...]string{
	"Mozilla/5.0 (", ") AppleWebKit/537.36 (KHTML, like Gecko) ", " Safari/537.36", "Windows NT 10.0; Win64; x64",
	"Macintosh; Intel Mac OS X ", "X11; Linux x86_64", "Linux; Android ", "iPhone; CPU iPhone OS ", "iPad; CPU OS ",
	" like Mac OS X", ") AppleWebKit/605.1.15 (KHTML, like Gecko) ", " Safari/605.1.15", " Safari/604.1", "Version/",
	" Mobile/15E148", " Mobile Safari/537.36", ") Gecko/20100101 Firefox/", "Chrome/", ".0.0.0", " Edg/", " OPR/",
	"; rv:", "Ubuntu; ", "CriOS/", "FxiOS/", "10_15_7", "SamsungBrowser/", "Android 10; K", "Mobile; ", "Gecko/", " Firefox/",
}

const (
	firstPhrase = 0x80
	escape      = 0x7f
)

// shorten writes phrases as single bytes.
func shorten(s string) string {
	var b strings.Builder
next:
	for i := 0; i < len(s); {
		best := -1
		for n, phrase := range phrases {
			if strings.HasPrefix(s[i:], phrase) && (best < 0 || len(phrase) > len(phrases[best])) {
				best = n
			}
		}
		if best >= 0 {
			b.WriteByte(byte(firstPhrase + best))
			i += len(phrases[best])
			continue next
		}
		if s[i] >= escape {
			b.WriteByte(escape)
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// lengthen undoes shorten; false where s was not made by it.
func lengthen(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == escape:
			if i++; i == len(s) {
				return "", false
			}
			b.WriteByte(s[i])
		case c >= firstPhrase:
			if int(c)-firstPhrase >= len(phrases) {
				return "", false
			}
			b.WriteString(phrases[c-firstPhrase])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}
