package pages

import "strings"

// local returns the address for a link that stays on this host, or "" where it names another. RequestURI may begin with
// two slashes, which a browser reads as the name of a host: a dot segment before them keeps them a path (URL Standard
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

// link is local, and lets pass what the configuration names as an address elsewhere.
func link(s string) string {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s
	}
	return local(s)
}

// localBase is what links to pages and assets of ours begin with: "" or a path.
func localBase(s string) string { return strings.TrimRight(local(s), "/") }
