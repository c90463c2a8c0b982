package caddymodule

import (
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
)

// judges tells whether r is within the directive's matcher. A matcher that fails is an error, and an error denies: the
// request is judged.
func (g *Gate) judges(r *http.Request) bool {
	if len(g.matchers) == 0 {
		return true
	}
	matched, err := g.matchers.AnyMatchWithError(r)
	return matched || err != nil
}

// judge asks the policy about the request as the handlers after us will see it, and as it was sent where that differs.
func (q *question) judge() rolepolicy.Verdict {
	ask := rolepolicy.Request{Method: q.r.Method, Path: q.r.URL.EscapedPath(), Addr: clientAddr(q.r)}
	if sent := sentPath(q.r); sent != ask.Path {
		ask.Original = sent
	}
	if q.r.Method == http.MethodConnect { // an extended CONNECT reaches the upstream as the GET of RFC 6455
		ask.Method = http.MethodGet
	}
	return q.gate.policy.Judge(&ask)
}

// visit tells the portal about this request.
func (q *question) visit() *authportal.Visit {
	v := visitAt(q.gate.site, q.r)
	v.Base = q.gate.prefixOf(q.r) + v.Base
	return v
}

// reserved lets the portal answer what belongs to us on this site.
func (q *question) reserved(asked reservedRequest) error {
	switch {
	case asked.odd:
		authportal.WriteProblem(q.w, http.StatusNotFound, "not_found", "There is nothing here.")
		return nil
	case isEarlyData(q.r):
		return q.gate.refuse(q.w, &refusal{http.StatusTooEarly, "Please send this again after the TLS handshake."})
	case isWebSocket(q.r):
		return q.gate.refuse(q.w, &refusal{http.StatusBadRequest, "There is no WebSocket here."})
	}
	v := visitAt(q.gate.site, q.r)
	v.Base = asked.prefix + v.Base
	v.Path = asked.path
	return servePortal(q.run, q.w, q.r, v)
}
