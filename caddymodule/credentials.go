package caddymodule

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal"
)

// credentials are the header lines that held something of ours, as they were before it was removed.
type credentials struct {
	cookies       []string
	authorization []string
}

// takeCredentials removes all that is ours from the request, and keeps it for a gate behind this one.
func (q *question) takeCredentials() {
	q.takeToken()
	if lines := q.r.Header["Cookie"]; stripCookies(q.r.Header) {
		q.taken.cookies = lines
	}
}

// takeToken removes a token of ours from the request and returns it.
func (q *question) takeToken() (string, bool) {
	lines := q.r.Header["Authorization"]
	token, ok := takeToken(q.r.Header, q.gate != nil && q.gate.Basic)
	if ok {
		q.taken.authorization = lines
	}
	return token, ok
}

// lend puts what was taken back into h, beside what is there now: handlers on the way may have changed the rest.
func (c *credentials) lend(h http.Header) {
	for _, line := range c.cookies {
		for pair := range strings.SplitSeq(line, ";") {
			if ownPair(pair) {
				h["Cookie"] = append(h["Cookie"][:len(h["Cookie"]):len(h["Cookie"])], strings.TrimSpace(pair))
			}
		}
	}
	for _, line := range c.authorization {
		if _, ours := ownToken(line, true); ours {
			h["Authorization"] = append(h["Authorization"][:len(h["Authorization"]):len(h["Authorization"])], line)
		}
	}
}

// stripCookies removes our cookies from the Cookie lines of a request and leaves every other byte as it was sent. It tells
// whether there were any; the slice of lines stays as it is.
func stripCookies(h http.Header) bool {
	lines, ok := h["Cookie"]
	if !ok {
		return false
	}
	ours := false
	for _, line := range lines {
		ours = ours || holdsOwn(line)
	}
	if !ours {
		return false
	}
	kept := make([]string, 0, len(lines))
	for _, line := range lines {
		if holdsOwn(line) {
			line = withoutOwnCookies(line)
		}
		if line != "" {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		delete(h, "Cookie")
	} else {
		h["Cookie"] = kept
	}
	return true
}

func holdsOwn(line string) bool {
	for pair := range strings.SplitSeq(line, ";") {
		if ownPair(pair) {
			return true
		}
	}
	return false
}

func ownPair(pair string) bool {
	name, _, _ := strings.Cut(pair, "=")
	return authportal.OwnCookie(strings.Trim(name, " \t\""))
}

func withoutOwnCookies(line string) string {
	// Mostly ours come first or last, and what is left is one piece of what was sent.
	for {
		first, rest, more := strings.Cut(line, ";")
		if !ownPair(first) {
			break
		}
		if line = rest; !more {
			return ""
		}
	}
	for i := strings.LastIndexByte(line, ';'); i >= 0 && ownPair(line[i+1:]); i = strings.LastIndexByte(line, ';') {
		line = line[:i]
	}
	if !holdsOwn(line) {
		return strings.TrimSpace(line)
	}
	var out strings.Builder
	for pair := range strings.SplitSeq(line, ";") {
		if ownPair(pair) {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte(';')
		}
		out.WriteString(pair)
	}
	return strings.TrimSpace(out.String())
}

// tokenPrefix begins every API token of ours, so that a gate and a secret scanner know one when they see it.
const tokenPrefix = "ghk_"

// takeToken removes every Authorization line that holds a token of ours from h and returns the token. ok tells whether
// there was one; several different ones are none that can be judged, and come back as an empty token.
func takeToken(h http.Header, basic bool) (token string, ok bool) {
	lines, present := h["Authorization"]
	if !present {
		return "", false
	}
	kept := lines[:0:0]
	for _, line := range lines {
		found, own := ownToken(line, basic)
		switch {
		case !own:
			kept = append(kept, line)
		case ok && found != token:
			token = ""
		default:
			token, ok = found, true
		}
	}
	if !ok {
		return "", false
	}
	if len(kept) == 0 {
		delete(h, "Authorization")
	} else {
		h["Authorization"] = kept
	}
	return token, true
}

// ownToken reads one Authorization value (RFC 6750 §2.1, RFC 7617). It reads what lax servers read: any white space after
// the scheme, and base64 without padding or of the other alphabet.
func ownToken(value string, basic bool) (string, bool) {
	value = strings.Trim(value, " \t")
	end := strings.IndexAny(value, " \t")
	if end < 0 {
		return "", false
	}
	scheme, rest := value[:end], strings.Trim(value[end:], " \t")
	switch {
	case strings.EqualFold(scheme, "Bearer") && strings.HasPrefix(rest, tokenPrefix):
		return rest, true
	case basic && strings.EqualFold(scheme, "Basic"):
		rest = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(rest, "="))
		decoded, err := base64.RawStdEncoding.DecodeString(rest)
		if err != nil {
			return "", false
		}
		if _, password, found := strings.Cut(string(decoded), ":"); found && strings.HasPrefix(password, tokenPrefix) {
			return password, true
		}
	}
	return "", false
}
