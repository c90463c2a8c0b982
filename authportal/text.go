package authportal

import "strings"

// address is that of a visit, as it is stored and shown; empty where it is not known.
func address(v *Visit) string {
	if !v.Addr.IsValid() {
		return ""
	}
	return v.Addr.Unmap().WithZone("").String()
}

// bounded cuts s at n bytes, at the start of a character, and drops what is not text.
func bounded(s string, n int) string {
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
