package gate

import (
	"net/http"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// cookieHeaders are the headers of an answer by which an upstream could touch cookies of ours.
var cookieHeaders = newNameSet("Set-Cookie", "Clear-Site-Data")

func filterAnswer(h http.Header) {
	if cookies, ok := h["Set-Cookie"]; ok {
		filterLines(h, "Set-Cookie", cookies, ownSetCookie)
	}
	if clear, ok := h["Clear-Site-Data"]; ok {
		filterClearSiteData(h, clear)
	}
}

// filterLines drops the lines that drop names, without touching the slice that the upstream's handler set.
func filterLines(h http.Header, name string, lines []string, drop func(string) bool) {
	kept := lines[:0:0]
	for _, line := range lines {
		if !drop(line) {
			kept = append(kept, line)
		}
	}
	switch {
	case len(kept) == len(lines):
	case len(kept) == 0:
		delete(h, name)
	default:
		h[name] = kept
	}
}

// ownSetCookie reports whether a Set-Cookie line is about a cookie of ours. A cookie without a name whose value
// begins with ours reaches servers under our name ("=__Host-gatehouse=x").
func ownSetCookie(line string) bool {
	pair, _, _ := strings.Cut(line, ";")
	pair = strings.TrimLeft(strings.TrimSpace(pair), "= \t")
	name, _, _ := strings.Cut(pair, "=")
	return web.OwnCookie(strings.TrimSpace(name))
}

// filterClearSiteData removes the directives that would make a browser forget our cookies.
func filterClearSiteData(h http.Header, lines []string) {
	var kept []string
	for _, line := range lines {
		for directive := range strings.SplitSeq(line, ",") {
			directive = strings.TrimSpace(directive)
			switch strings.ToLower(strings.Trim(directive, "\" \t")) {
			case "", "cookies", "*":
			default:
				kept = append(kept, directive)
			}
		}
	}
	if len(kept) == 0 {
		delete(h, "Clear-Site-Data")
		return
	}
	h["Clear-Site-Data"] = []string{strings.Join(kept, ", ")}
}
