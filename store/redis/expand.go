package redis

import (
	"errors"
	"net/url"
	"strings"
)

// expand replaces the placeholders of a URL part by part, and encodes what replaces them in user, password and
// parameters, so that a password may hold any character. A URL that is one placeholder holds a URL.
func expand(raw string, replace func(string) (string, error)) (string, error) {
	if wholePlaceholder(raw) {
		return replace(raw)
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return "", errors.New("a URL such as redis://host:6379 is needed")
	}
	if strings.Count(raw, "{") != strings.Count(raw, "}") {
		return "", errors.New("a placeholder's brace is not closed")
	}
	encoded := func(s string) (string, error) {
		if !strings.Contains(s, "{") {
			return s, nil
		}
		v, err := replace(s)
		return url.QueryEscape(v), err
	}
	userinfo, query := "", ""
	if at := lastOutside(rest, '@'); at >= 0 {
		user, password, ok := cutOutside(rest[:at], ':')
		var err error
		if user, err = encoded(user); err != nil {
			return "", err
		}
		if password, err = encoded(password); err != nil {
			return "", err
		}
		// PathUnescape reads userinfo, and to it a + is a +.
		userinfo = strings.ReplaceAll(user, "+", "%20")
		if ok {
			userinfo += ":" + strings.ReplaceAll(password, "+", "%20")
		}
		userinfo += "@"
		rest = rest[at+1:]
	}
	rest, parameters, _ := cutOutside(rest, '?')
	for parameters != "" {
		var one string
		one, parameters, _ = cutOutside(parameters, '&')
		name, value, _ := cutOutside(one, '=')
		value, err := encoded(value)
		if err != nil {
			return "", err
		}
		if query += "&"; query == "&" {
			query = "?"
		}
		query += name + "=" + value
	}
	if strings.Contains(rest, "{") {
		var err error
		if rest, err = replace(rest); err != nil {
			return "", err
		}
	}
	return scheme + "://" + userinfo + rest + query, nil
}

// wholePlaceholder reports whether raw is one placeholder and nothing else.
func wholePlaceholder(raw string) bool {
	return strings.HasPrefix(raw, "{") && strings.HasSuffix(raw, "}") && strings.Count(raw, "{") == 1
}

// lastOutside returns the last place of c that is not inside braces, or -1.
func lastOutside(s string, c byte) int {
	found, depth := -1, 0
	for i := range len(s) {
		switch {
		case s[i] == '{':
			depth++
		case s[i] == '}':
			depth--
		case s[i] == c && depth == 0:
			found = i
		}
	}
	return found
}

// cutOutside cuts s around the first c that is not inside braces.
func cutOutside(s string, c byte) (before, after string, found bool) {
	depth := 0
	for i := range len(s) {
		switch {
		case s[i] == '{':
			depth++
		case s[i] == '}':
			depth--
		case s[i] == c && depth == 0:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}
