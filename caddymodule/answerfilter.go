package caddymodule

import (
	"io"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/authportal"
)

// answerFilter keeps upstreams from setting, replacing or clearing cookies of ours (SECURITY, invariant 3): it looks at every
// header block that is about to be sent, informational ones and 101 included.
type answerFilter struct {
	caddyhttp.ResponseWriterWrapper
	origin string // of another site, which `cors` names and which may read the answer
	done   bool
}

// WriteHeader filters, then passes on.
func (f *answerFilter) WriteHeader(status int) {
	if !f.done {
		h := f.ResponseWriter.Header()
		filterAnswer(h)
		if status >= 200 || status == http.StatusSwitchingProtocols {
			f.done = true
		}
		if f.origin != "" && f.done {
			setAllowOrigin(h, f.origin)
		}
	}
	f.ResponseWriter.WriteHeader(status)
}

// Write sends the header first if nobody has, so that an answer without WriteHeader is filtered too.
func (f *answerFilter) Write(p []byte) (int, error) {
	if !f.done {
		f.WriteHeader(http.StatusOK)
	}
	return f.ResponseWriter.Write(p)
}

// ReadFrom keeps the way open for sendfile and splice.
func (f *answerFilter) ReadFrom(r io.Reader) (int64, error) {
	if !f.done {
		f.WriteHeader(http.StatusOK)
	}
	return f.ResponseWriterWrapper.ReadFrom(r)
}

// finish filters an answer that was never begun and the trailers of one that ended.
func (f *answerFilter) finish() {
	h := f.ResponseWriter.Header()
	filterAnswer(h)
	for name := range h {
		if trailer, ok := strings.CutPrefix(name, http.TrailerPrefix); ok && answerHeaders.has(trailer) {
			delete(h, name)
		}
	}
}

var answerHeaders = newNameSet("Set-Cookie", "Clear-Site-Data")

func filterAnswer(h http.Header) {
	if cookies, ok := h["Set-Cookie"]; ok {
		filterLines(h, "Set-Cookie", cookies, ownSetCookie)
	}
	if clear, ok := h["Clear-Site-Data"]; ok {
		filterClearSiteData(h, clear)
	}
}

// filterLines drops the lines that drop names, without touching the slice of whoever set them.
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

// ownSetCookie tells whether a Set-Cookie line is about a cookie of ours. A cookie without a name whose value begins with
// ours reaches servers under our name ("=__Host-gatehouse=x").
func ownSetCookie(line string) bool {
	pair, _, _ := strings.Cut(line, ";")
	pair = strings.TrimLeft(strings.TrimSpace(pair), "= \t")
	name, _, _ := strings.Cut(pair, "=")
	return authportal.OwnCookie(strings.TrimSpace(name))
}

// filterClearSiteData removes the directives that would make a browser forget our cookies.
func filterClearSiteData(h http.Header, lines []string) {
	var kept []string
	for _, line := range lines {
		for directive := range strings.SplitSeq(line, ",") {
			directive = strings.TrimSpace(directive)
			switch strings.ToLower(strings.Trim(directive, `" `)) {
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
