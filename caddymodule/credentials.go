package caddymodule

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal"
)

// stripCookies removes our cookies from the Cookie lines of a request and leaves every other byte as it was sent.
func stripCookies(h http.Header) {
	lines, ok := h["Cookie"]
	if !ok {
		return
	}
	ours := false
	for _, line := range lines {
		ours = ours || strings.Contains(line, "gatehouse")
	}
	if !ours {
		return
	}
	kept := make([]string, 0, len(lines))
	for _, line := range lines {
		if line = withoutOwnCookies(line); line != "" {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		delete(h, "Cookie")
		return
	}
	h["Cookie"] = kept
}

func withoutOwnCookies(line string) string {
	var out []byte
	for pair := range strings.SplitSeq(line, ";") {
		name, _, _ := strings.Cut(pair, "=")
		if authportal.OwnCookie(strings.Trim(name, " \t\"")) {
			continue
		}
		if out == nil {
			out = make([]byte, 0, len(line))
		} else {
			out = append(out, ';')
		}
		out = append(out, pair...)
	}
	return strings.TrimSpace(string(out))
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

// ownToken reads one Authorization value (RFC 6750 §2.1, RFC 7617).
func ownToken(value string, basic bool) (string, bool) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	rest = strings.TrimSpace(rest)
	switch {
	case strings.EqualFold(scheme, "Bearer") && strings.HasPrefix(rest, tokenPrefix):
		return rest, true
	case basic && strings.EqualFold(scheme, "Basic"):
		decoded, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return "", false
		}
		if _, password, found := strings.Cut(string(decoded), ":"); found && strings.HasPrefix(password, tokenPrefix) {
			return password, true
		}
	}
	return "", false
}
