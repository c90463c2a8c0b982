package gate

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// answerFilter is what the handlers behind us write through. It keeps upstreams from setting, replacing or clearing
// cookies of ours, shared caches from keeping what was meant for one person, and streams from outliving their
// session. It looks at every header block that is about to be sent, informational ones and 101 included.
type answerFilter struct {
	caddyhttp.ResponseWriterWrapper
	exchange       *exchange
	origin         string // of another site, which `cors` names and which may read the answer
	personal       bool   // the answer is for the person whose identity was passed on, and for no one else
	variesByCookie bool   // it would be another one for a signed-in client
	ownAnswer      bool   // a gate behind this one answers by itself: its cookies may pass
	rotates        bool   // it may hand out the next secret of the session
	rotationCookie string // the line that did
	watched        bool   // as a stream, by the context of the request
	headerSent     bool   // the header is sent
	headerLines    int    // names in the header when it was sent

	private  [1]string // of Cache-Control, so that a line costs no allocation
	endWatch func()    // ends the watch of an answer that turned out to be a stream
	cancel   func()    // ends the request by its context; nil where deadlines do

	mu       sync.Mutex // between the handler and a cut from outside
	returned bool       // the handler has returned: the writer must not be touched any more
	cut      bool       // the session has ended
}

// WriteHeader filters, then passes on.
func (f *answerFilter) WriteHeader(status int) {
	if !f.headerSent {
		last := status >= 200 || status == http.StatusSwitchingProtocols
		f.headerSent = last
		if !f.ownAnswer {
			f.header(status, last)
		}
	}
	f.ResponseWriter.WriteHeader(status)
}

// header filters one header block, and completes the one that the answer proper begins with.
func (f *answerFilter) header(status int, last bool) {
	h := f.ResponseWriter.Header()
	filterAnswer(h)
	if !last {
		return
	}
	defer func() { f.headerLines = len(h) }()
	if f.origin != "" {
		setAllowOrigin(h, f.origin)
	}
	if f.variesByCookie {
		h.Add("Vary", "Cookie")
	}
	if !f.personal {
		return
	}
	if f.rotates && status != http.StatusSwitchingProtocols && status != http.StatusNotModified &&
		!allowsSharedCaching(h) {
		f.rotationCookie = f.exchange.nextSecret()
	}
	f.keepPrivate(h)
	if f.rotationCookie != "" {
		h.Add("Set-Cookie", f.rotationCookie)
	}
	if !f.watched && status == http.StatusOK && isStream(h) {
		f.endWatch = f.exchange.watchAnswer()
	}
}

// errCut is what a handler gets that still writes after the session has ended.
var errCut = errors.New("the session behind this answer has ended")

// Write sends the header first if it was not sent, so that an answer without WriteHeader is filtered too.
func (f *answerFilter) Write(p []byte) (int, error) {
	if !f.headerSent {
		f.WriteHeader(http.StatusOK)
	}
	if f.endWatch != nil && f.isCut() {
		return 0, errCut
	}
	return f.ResponseWriter.Write(p)
}

// FlushError sends the header first if it was not sent: flushing would send it as it is.
func (f *answerFilter) FlushError() error {
	if !f.headerSent {
		f.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(f.ResponseWriter).Flush()
}

// ReadFrom keeps the way open for sendfile and splice.
func (f *answerFilter) ReadFrom(r io.Reader) (int64, error) {
	if !f.headerSent {
		f.WriteHeader(http.StatusOK)
	}
	if f.endWatch != nil {
		return io.Copy(struct{ io.Writer }{f}, r) // piece by piece, so that it can be cut
	}
	return f.ResponseWriterWrapper.ReadFrom(r)
}

// cutOff ends an answer from outside. Deadlines in the past end the request: over HTTP/1.1 that of reading, over
// HTTP/2 that of writing; over HTTP/3 neither wakes the handler, and the context does (passHTTP3). Where none is
// known, the next write fails. Deadlines are set on the server's own writer, which other goroutines may use; those
// that Caddy wraps around it keep deadlines of their own, without a lock.
//
// Cancelling the context would do everywhere, but every request would have to be given one.
func (f *answerFilter) cutOff() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut = true
	if f.returned {
		return
	}
	if f.cancel != nil {
		f.cancel()
	}
	past := time.Unix(1, 0)
	ctl := http.NewResponseController(innermost(f.ResponseWriter))
	_ = ctl.SetReadDeadline(past)
	_ = ctl.SetWriteDeadline(past)
}

func innermost(w http.ResponseWriter) http.ResponseWriter {
	for {
		outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = outer.Unwrap()
	}
}

func (f *answerFilter) isCut() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cut
}

// end lets go of the answer, however the handler returned.
func (f *answerFilter) end() {
	if f.endWatch == nil {
		return
	}
	f.endWatch()
	f.mu.Lock()
	f.returned = true
	f.mu.Unlock()
}

// finish filters an answer that was never begun and the trailers of one that ended.
func (f *answerFilter) finish() {
	if f.ownAnswer {
		return
	}
	h := f.ResponseWriter.Header()
	filterAnswer(h)
	if f.rotationCookie != "" {
		h.Add("Set-Cookie", f.rotationCookie) // HTTP/3 may not have sent the header yet
	}
	if f.headerSent && len(h) <= f.headerLines {
		return // nothing was added to the header since it was sent
	}
	for name := range h {
		if trailer, ok := strings.CutPrefix(name, http.TrailerPrefix); ok && cookieHeaders.has(trailer) {
			delete(h, name)
		}
	}
}

// keepPrivate keeps an answer out of shared caches, which would give it to the next person. The upstream cannot: it
// sees neither our cookie nor, often, that a sign-in is needed. What it says to the browser's own cache stays (RFC
// 9111 §5.2.2).
func (f *answerFilter) keepPrivate(h http.Header) {
	lines := h["Cache-Control"]
	f.private[0] = "private"
	if len(lines) > 0 {
		all := strings.Join(lines, ", ")
		var kept []string
		for directive := range strings.SplitSeq(all, ",") {
			directive = strings.TrimSpace(directive)
			name, _, _ := strings.Cut(directive, "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "private":
				if !strings.Contains(directive, "=") { // `private="set-cookie"` is about one header only
					return
				}
			case "no-store":
				return
			case "", "public", "s-maxage", "proxy-revalidate":
				continue
			}
			kept = append(kept, directive)
		}
		f.private[0] = strings.Join(append(kept, "private"), ", ")
	}
	h["Cache-Control"] = f.private[:]
}
