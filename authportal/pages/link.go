package pages

import "strings"

// local returns the URL for a link that stays on this host, or "" if it leads to another. RequestURI may begin with
// two slashes, which a browser takes for a host name; a dot segment before them keeps them a path (URL Standard
// §4.5, where the serializer does the same).
func local(s string) string {
	if !strings.HasPrefix(s, "/") || strings.ContainsAny(s, "\t\n\r") {
		return ""
	}
	if len(s) > 1 && (s[1] == '/' || s[1] == '\\') {
		return "/." + s
	}
	return s
}

// link is local, but allows absolute http and https URLs, which come from the configuration.
func link(s string) string {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s
	}
	return local(s)
}

// localBase returns what links to pages and assets begin with: "" or a path.
func localBase(s string) string { return strings.TrimRight(local(s), "/") }
