package gate

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
	"github.com/gatehouse-auth/gatehouse/store/cache"
)

// exchange is one request on its way through a gate. One allocation holds all that the request needs of ours, the
// writer of its answer included.
type exchange struct {
	gate *Gate
	run  *app.Running
	w    http.ResponseWriter // for answers of ours
	r    *http.Request
	next caddyhttp.Handler

	uri           string // path and query as sent, byte for byte
	sentPath      string // its path
	rewrittenPath string // the escaped path as handlers behind us see it

	// The client: a person's session (entry and identity), a program's token (token and identity), or neither.
	identity *identity
	entry    *cache.Entry
	token    string

	stripped        credentials // what was removed before the request was passed on
	parent          *exchange   // of the gate or portal that passed this request on before
	identityWritten *identity   // what was written for the handlers behind us
	writer          *Gate       // by whose headers
	placeholdersSet bool        // placeholders are known

	answer answerFilter
}

// newExchange begins an exchange. Behind another gate, it gets back the credentials which that one took away.
func newExchange(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) *exchange {
	x := &exchange{w: w, r: r, next: next, parent: parentExchange(w)}
	x.answer.ResponseWriter, x.answer.exchange = w, x
	x.uri, x.rewrittenPath = sentURI(r), r.URL.EscapedPath()
	x.sentPath, _, _ = strings.Cut(x.uri, "?")
	if x.parent != nil {
		x.parent.stripped.restore(r.Header)
	}
	return x
}

// parentExchange finds the gate that a request has come through by the writer which that gate passed on. A writer
// that does not show what it wraps hides it: then this gate finds no credentials, and denies.
func parentExchange(w http.ResponseWriter) *exchange {
	for {
		switch outer := w.(type) {
		case *answerFilter:
			return outer.exchange
		case interface{ Unwrap() http.ResponseWriter }:
			w = outer.Unwrap()
		default:
			return nil
		}
	}
}

// matches reports whether the request is within the directive's matcher. A matcher that fails is an error, and an
// error denies: the request is judged.
//
// A matcher reads a path in one way; an upstream may read it in another (`/admin;x/`, `/%2561dmin/`), or read the
// address as sent. So a request is outside only if it is under every reading (docs/rules.md).
func (g *Gate) matches(r *http.Request) bool {
	if len(g.matchers) == 0 {
		return true
	}
	matches := func(r *http.Request) bool {
		matched, err := g.matchers.AnyMatchWithError(r)
		return matched || err != nil
	}
	if matches(r) {
		return true
	}
	sent, rewritten := sentPath(r), r.URL.EscapedPath()
	paths := rolepolicy.Readings(rewritten)
	if sent != rewritten {
		paths = append(append(paths, sent), rolepolicy.Readings(sent)...)
	}
	for _, path := range paths {
		again, u := *r, *r.URL
		u.Path, u.RawPath = path, ""
		again.URL = &u
		if matches(&again) {
			return true
		}
	}
	return false
}

// judge asks the policy about the request as the handlers after us will see it, and as it was sent where that differs.
func (x *exchange) judge() rolepolicy.Verdict {
	ask := rolepolicy.Request{Method: x.r.Method, Path: x.rewrittenPath}
	if x.gate.usesClientAddr {
		ask.Addr = site.ClientAddr(x.r)
	}
	if x.sentPath != x.rewrittenPath {
		ask.Original = x.sentPath
	}
	if x.r.Method == http.MethodConnect { // an extended CONNECT reaches the upstream as the GET of RFC 6455
		ask.Method = http.MethodGet
	}
	return x.gate.policy.Judge(&ask)
}

// visit describes this request to the portal.
func (x *exchange) visit() *web.Visit {
	v := newVisit(x.gate.site, x.r)
	v.Base = strippedPrefix(x.gate.prefixes, x.sentPath) + v.Base
	return v
}

// serveReserved lets the portal answer what belongs to us on this site.
func (x *exchange) serveReserved(reserved reservedRequest) error {
	switch {
	case reserved.ambiguous:
		problem.Write(x.w, http.StatusNotFound, "not_found", "There is nothing here.")
		return nil
	case isEarlyData(x.r):
		return x.refuse(&refusal{http.StatusTooEarly, "Please send this again after the TLS handshake."})
	case isWebSocket(x.r):
		return x.refuse(&refusal{http.StatusBadRequest, "There is no WebSocket here."})
	}
	for parent := x.parent; parent != nil; parent = parent.parent {
		parent.answer.ownAnswer = true // cookies that we set are not an upstream's
	}
	v := newVisit(x.gate.site, x.r)
	v.Base = reserved.prefix + v.Base
	v.Path = reserved.path
	return servePortal(x.run, x.w, asSent(x.r), v)
}

// isLoginPage reports whether r reads the app's own login page. It is public as sent, whatever a rewrite such as
// try_files makes of it: else the way to it would lead round in circles.
func (x *exchange) isLoginPage() bool {
	page := x.gate.LoginPage
	return page != "" && x.sentPath == page && (x.r.Method == http.MethodGet || x.r.Method == http.MethodHead)
}
