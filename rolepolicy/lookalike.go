package rolepolicy

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// lookRange maps the code points lo to hi to ASCII from to on.
type lookRange struct {
	lo, hi rune
	to     byte
}

// plainCharacters replaces what an upstream may turn into ASCII before it
// chooses a file or a route: compatibility characters (NFKC: "／" is "/", "ª" is
// "a"), Windows' best-fit characters ("∕"), characters that file systems leave
// out (zero-width ones, the way into .git of CVE-2014-9390), and overlong UTF-8
// (%C0%AF is "/", CVE-2000-0884). Names in other scripts stay as they are:
// letters that merely look alike are other names to every program.
func plainCharacters(s string) string {
	start := 0
	for start < len(s) && s[start] < utf8.RuneSelf {
		start++
	}
	if start == len(s) {
		return s
	}
	b := append(make([]byte, 0, len(s)), s[:start]...)
	for i := start; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch c, length := overlong(s[i:]); {
		case r != utf8.RuneError || size > 1:
			b = appendPlain(b, r)
		case length > 0:
			b, size = append(b, c), length
		default:
			b = append(b, s[i]) // Latin-1 and other old encodings
		}
		i += size
	}
	return string(b)
}

// overlong reads an ASCII character written in more bytes than it needs, which
// RFC 3629 §3 forbids. The second byte of two is masked and not checked, as bad
// decoders do (%C0%2E is a dot to them).
func overlong(s string) (c byte, length int) {
	switch {
	case s[0] == 0xc0 || s[0] == 0xc1:
		length = 2
	case s[0] == 0xe0:
		length = 3
	case s[0] == 0xf0:
		length = 4
	case s[0] == 0xf8:
		length = 5
	case s[0] == 0xfc:
		length = 6
	default:
		return 0, 0
	}
	if len(s) < length {
		return 0, 0
	}
	var r rune
	if length == 2 {
		r = rune(s[0] & 1)
	}
	for i := 1; i < length; i++ {
		if length > 2 && s[i]&0xc0 != 0x80 {
			return 0, 0
		}
		r = r<<6 | rune(s[i]&0x3f)
	}
	if r >= utf8.RuneSelf {
		return 0, 0
	}
	return byte(r), length
}

func appendPlain(b []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		return append(b, byte(r))
	}
	i, found := slices.BinarySearchFunc(lookRanges, r, func(one lookRange, r rune) int {
		switch {
		case one.hi < r:
			return -1
		case one.lo > r:
			return 1
		}
		return 0
	})
	if found {
		return append(b, lookRanges[i].to+byte(r-lookRanges[i].lo))
	}
	if text, ok := lookTexts[r]; ok {
		return append(b, text...)
	}
	if isIgnorable(r) {
		return b
	}
	return utf8.AppendRune(b, r)
}

// isIgnorable tells of characters that HFS+ and others compare as nothing.
func isIgnorable(r rune) bool {
	switch {
	case r == 0xad, r == 0x34f, r == 0x180e, r == 0xfeff,
		0x200b <= r && r <= 0x200f, 0x202a <= r && r <= 0x202e,
		0x2060 <= r && r <= 0x206f, 0xfe00 <= r && r <= 0xfe0f:
		return true
	}
	return false
}

// fold makes letter case alike: each letter becomes the smallest of those that
// Unicode holds equal, so that the Kelvin sign is k and "ſ" is s. The Turkish
// "İ" and "ı" are i too, because one becomes I or i in some upstream.
func fold(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return foldUnicode(s)
		}
		if 'A' <= s[i] && s[i] <= 'Z' {
			if ascii(s[i:]) {
				return lowerASCII(s)
			}
			return foldUnicode(s)
		}
	}
	return s
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func foldUnicode(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			b = append(b, s[i])
		} else {
			b = utf8.AppendRune(b, foldRune(r))
		}
		i += size
	}
	return string(b)
}

func foldRune(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return rune(lowerByte(byte(r)))
	case r == 'İ' || r == 'ı':
		return 'i'
	}
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	if least < utf8.RuneSelf {
		return rune(lowerByte(byte(least)))
	}
	return least
}
