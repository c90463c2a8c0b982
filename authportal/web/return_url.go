package web

import (
	"net/url"
	"path"
	"strings"
)

// maxReturn bounds a return address, so that no URL or cookie that carries one grows past what servers take.
const maxReturn = 2048

// ReturnAddress is the one validator of every place that leads a browser back: it returns to if that is a path and
// query of the same host, else "/". What is too long loses its query. It is asked again when the address is used.
//
// Browsers read "//host" and "/\host" as another host, and drop tabs and line ends before they look; all of these are
// refused, not repaired.
func ReturnAddress(to string) string {
	if len(to) > maxReturn {
		to, _, _ = strings.Cut(to, "?")
		to, _, _ = strings.Cut(to, "#")
	}
	if len(to) > maxReturn || to == "" || to[0] != '/' {
		return "/"
	}
	if len(to) > 1 && (to[1] == '/' || to[1] == '\\') {
		return "/"
	}
	plain := true
	for i := range len(to) {
		switch c := to[i]; {
		case c <= ' ' || c == 0x7f:
			return "/"
		case c > 0x7f:
			plain = false
		}
	}
	if leadsInCircles(to) {
		return "/"
	}
	if !plain {
		to = escapeNonASCII(to)
	}
	return to
}

// leadsInCircles reports whether the address is one of ours that only makes sense on the way in or out: coming back to
// it would sign out, sign in again, or show a used code.
func leadsInCircles(to string) bool {
	p, _, _ := strings.Cut(to, "?")
	p, _, _ = strings.Cut(p, "#")
	for range 2 { // however it was escaped: this only chooses where to land, it guards nothing
		if q, err := url.PathUnescape(p); err == nil {
			p = q
		}
	}
	p = path.Clean(strings.ToLower(strings.ReplaceAll(p, `\`, "/")))
	_, rest, ours := strings.Cut(p+"/", "/.gatehouse/")
	if !ours {
		return false
	}
	first, _, _ := strings.Cut(rest, "/")
	switch first {
	case "account", "admin":
		return false
	}
	return true
}

func escapeNonASCII(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c > 0x7f {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
