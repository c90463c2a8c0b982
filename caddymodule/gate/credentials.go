package gate

import (
	"net/http"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// credentials are the header lines that held something of ours, as they were before it was removed.
type credentials struct {
	cookies       []string
	authorization []string
}

// stripCredentials removes all that is ours from the request, and keeps it for a gate behind this one.
func (x *exchange) stripCredentials() {
	x.stripToken()
	if lines := x.r.Header["Cookie"]; stripCookies(x.r.Header) {
		x.stripped.cookies = lines
	}
}

// stripToken removes a token of ours from the request and returns it.
func (x *exchange) stripToken() (string, bool) {
	lines := x.r.Header["Authorization"]
	token, ok := stripToken(x.r.Header, x.gate != nil && x.gate.Basic)
	if ok {
		x.stripped.authorization = lines
	}
	return token, ok
}

// restore puts what was taken back into h, beside what is there now: handlers on the way may have changed the rest.
func (c *credentials) restore(h http.Header) {
	for _, line := range c.cookies {
		for pair := range strings.SplitSeq(line, ";") {
			if isOwnPair(pair) {
				h["Cookie"] = append(h["Cookie"][:len(h["Cookie"]):len(h["Cookie"])], strings.TrimSpace(pair))
			}
		}
	}
	for _, line := range c.authorization {
		if _, ours := signin.OwnToken(line, true); ours {
			h["Authorization"] = append(h["Authorization"][:len(h["Authorization"]):len(h["Authorization"])], line)
		}
	}
}

// stripCookies removes our cookies from the Cookie lines of a request and leaves every other byte as it was sent. It
// reports whether there were any; the slice of lines stays as it is.
func stripCookies(h http.Header) bool {
	lines, ok := h["Cookie"]
	if !ok {
		return false
	}
	ours := false
	for _, line := range lines {
		ours = ours || hasOwnCookie(line)
	}
	if !ours {
		return false
	}
	kept := make([]string, 0, len(lines))
	for _, line := range lines {
		if hasOwnCookie(line) {
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

func hasOwnCookie(line string) bool {
	for more := true; more; {
		var pair string
		if pair, line, more = strings.Cut(line, ";"); isOwnPair(pair) {
			return true
		}
	}
	return false
}

// isOwnPair reports whether one pair of a Cookie line is ours. It is called for every cookie of every request.
func isOwnPair(pair string) bool {
	for len(pair) > 0 && (pair[0] == ' ' || pair[0] == '\t' || pair[0] == '"') {
		pair = pair[1:]
	}
	if pair == "" || (pair[0]|0x20 != 'g' && pair[0] != '_') { // as all our names begin
		return false
	}
	name, _, _ := strings.Cut(pair, "=")
	return web.OwnCookie(strings.TrimRight(name, " \t\""))
}

func withoutOwnCookies(line string) string {
	// Mostly ours come first or last, and what is left is one piece of what was sent.
	for {
		first, rest, more := strings.Cut(line, ";")
		if !isOwnPair(first) {
			break
		}
		if line = rest; !more {
			return ""
		}
	}
	for i := strings.LastIndexByte(line, ';'); i >= 0 && isOwnPair(line[i+1:]); i = strings.LastIndexByte(line, ';') {
		line = line[:i]
	}
	if !hasOwnCookie(line) {
		return strings.TrimSpace(line)
	}
	var out strings.Builder
	for pair := range strings.SplitSeq(line, ";") {
		if isOwnPair(pair) {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte(';')
		}
		out.WriteString(pair)
	}
	return strings.TrimSpace(out.String())
}

// stripToken removes every Authorization line that holds a token of ours from h and returns the token. ok reports
// whether there was one; several different ones are none that can be judged, and come back as an empty token.
func stripToken(h http.Header, basic bool) (token string, ok bool) {
	lines, present := h["Authorization"]
	if !present {
		return "", false
	}
	token, kept, ok := signin.TokenOf(lines, basic)
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
