package caddymodule

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/authportal"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
	"github.com/gatehouse-auth/gatehouse/store/cache"
)

// question is one request on its way through a gate. One allocation holds all that the request needs of ours, the writer of
// its answer included.
type question struct {
	gate *Gate
	run  *Running
	w    http.ResponseWriter // for answers of ours
	r    *http.Request
	next caddyhttp.Handler

	uri  string // path and query as sent, byte for byte
	sent string // its path
	now  string // the escaped path as handlers behind us see it

	// Who asks: a person's session (entry and identity), a program's token (token and identity), or nobody.
	identity *identity
	entry    *cache.Entry
	token    string

	taken  credentials // what was removed before the request was passed on
	outer  *question   // of the gate or portal that passed this request on before
	told   *identity   // what was written for the handlers behind us
	teller *Gate       // by whose headers
	mapped bool        // placeholders are known

	answer answerFilter
}

// newQuestion begins a question. Where another gate stood on the way, it gets back the credentials which that one took away.
func newQuestion(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) *question {
	q := &question{w: w, r: r, next: next, outer: outerQuestion(w)}
	q.answer.ResponseWriter, q.answer.q = w, q
	q.uri, q.now = sentURI(r), r.URL.EscapedPath()
	q.sent, _, _ = strings.Cut(q.uri, "?")
	if q.outer != nil {
		q.outer.taken.lend(r.Header)
	}
	return q
}

// outerQuestion finds the gate that a request has come through by the writer which that gate passed on. A writer that does
// not tell what it wraps hides it: then this gate finds no credentials, and denies.
func outerQuestion(w http.ResponseWriter) *question {
	for {
		switch outer := w.(type) {
		case *answerFilter:
			return outer.q
		case interface{ Unwrap() http.ResponseWriter }:
			w = outer.Unwrap()
		default:
			return nil
		}
	}
}

// judges tells whether the request is within the directive's matcher. A matcher that fails is an error, and an error denies:
// the request is judged.
//
// A matcher reads a path in one way; an upstream may read it in another (`/admin;x/`, `/%2561dmin/`), or read the address
// as sent. So a request is outside only if it is under every reading (SECURITY, invariant 1).
func (g *Gate) judges(r *http.Request) bool {
	if len(g.matchers) == 0 {
		return true
	}
	within := func(r *http.Request) bool {
		matched, err := g.matchers.AnyMatchWithError(r)
		return matched || err != nil
	}
	if within(r) {
		return true
	}
	sent, now := sentPath(r), r.URL.EscapedPath()
	paths := rolepolicy.Readings(now)
	if sent != now {
		paths = append(append(paths, sent), rolepolicy.Readings(sent)...)
	}
	for _, path := range paths {
		again, u := *r, *r.URL
		u.Path, u.RawPath = path, ""
		again.URL = &u
		if within(&again) {
			return true
		}
	}
	return false
}

// judge asks the policy about the request as the handlers after us will see it, and as it was sent where that differs.
func (q *question) judge() rolepolicy.Verdict {
	ask := rolepolicy.Request{Method: q.r.Method, Path: q.now}
	if q.gate.asksAddress {
		ask.Addr = clientAddr(q.r)
	}
	if q.sent != q.now {
		ask.Original = q.sent
	}
	if q.r.Method == http.MethodConnect { // an extended CONNECT reaches the upstream as the GET of RFC 6455
		ask.Method = http.MethodGet
	}
	return q.gate.policy.Judge(&ask)
}

// visit tells the portal about this request.
func (q *question) visit() *authportal.Visit {
	v := visitAt(q.gate.site, q.r)
	v.Base = prefixOf(q.gate.prefixes, q.sent) + v.Base
	return v
}

// reserved lets the portal answer what belongs to us on this site.
func (q *question) reserved(asked reservedRequest) error {
	switch {
	case asked.odd:
		authportal.WriteProblem(q.w, http.StatusNotFound, "not_found", "There is nothing here.")
		return nil
	case isEarlyData(q.r):
		return q.refuse(&refusal{http.StatusTooEarly, "Please send this again after the TLS handshake."})
	case isWebSocket(q.r):
		return q.refuse(&refusal{http.StatusBadRequest, "There is no WebSocket here."})
	}
	for outer := q.outer; outer != nil; outer = outer.outer {
		outer.answer.ours = true // cookies that we set are not an upstream's
	}
	v := visitAt(q.gate.site, q.r)
	v.Base = asked.prefix + v.Base
	v.Path = asked.path
	return servePortal(q.run, q.w, asSent(q.r), v)
}

// asksLoginPage tells whether r reads the app's own login page. It is public as sent, whatever a rewrite such as try_files makes
// of it: else the way to it would lead round in circles.
func (q *question) asksLoginPage() bool {
	page := q.gate.LoginPage
	return page != "" && q.sent == page && (q.r.Method == http.MethodGet || q.r.Method == http.MethodHead)
}
