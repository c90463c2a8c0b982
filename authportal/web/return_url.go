package web

import (
	"net/url"
	"path"
	"strings"
)

// maxReturn bounds a return URL, so that a URL or cookie that holds one stays within the limits of servers.
const maxReturn = 2048

// ReturnAddress validates a return URL (CWE-601, open redirect): it returns to if that is a path and query of the same
// host, otherwise "/". It drops the query of a URL that is too long. Every redirect back goes through it, once more
// when the URL is used.
//
// Browsers read "//host" and "/\host" as another host, and strip tabs and line breaks first. ReturnAddress refuses all
// of these and does not try to repair them.
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
	if wouldLoop(to) {
		return "/"
	}
	if !plain {
		to = escapeNonASCII(to)
	}
	return to
}

// wouldLoop reports whether the URL is one of the portal's that is part of signing in or out. Returning to it would
// sign the user out, start another sign-in, or show a used code.
func wouldLoop(to string) bool {
	p, _, _ := strings.Cut(to, "?")
	p, _, _ = strings.Cut(p, "#")
	for range 2 { // also when escaped twice; this is a convenience, not a security check
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
