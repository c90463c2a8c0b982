package caddymodule

import (
	"errors"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/authportal"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
	"github.com/gatehouse-auth/gatehouse/store"
)

// ServeHTTP meets every request of the site: it removes whatever poses as an identity, answers the reserved paths, judges
// the rest, and passes on what may pass, with our headers. Errors deny (SECURITY, invariant 4).
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	g.identities.strip(r)
	q := newQuestion(w, r, next)
	q.gate = g
	if bad := plainRequest(r, q.uri); bad != nil {
		return q.refuse(bad)
	}
	var err error
	if q.run, err = g.app.Ready(r.Context()); err != nil {
		return q.notReady()
	}
	if !g.servesHost(r) {
		return q.refuse(&refusal{http.StatusMisdirectedRequest, "This host is not served here."})
	}
	if asked, ok := q.reservedPath(); ok {
		return q.reserved(asked)
	}
	verdict := q.judge()
	inside := g.judges(r)
	public := !inside || verdict.Kind == rolepolicy.Public || q.asksLoginPage()
	switch {
	case verdict.Malformed != "":
		return q.refuse(&refusal{http.StatusBadRequest, "The path cannot be read."})
	case isEarlyData(r) && (!safeMethod(r.Method) || inside && verdict.AskedAddress):
		return q.refuse(&refusal{http.StatusTooEarly, "Please send this again after the TLS handshake."})
	case inside && g.isPreflight(r):
		return q.answerPreflight()
	case public:
		q.run.Metrics.count(answerPublic)
		return q.pass()
	}
	if err := q.identify(); err != nil {
		return q.cannotIdentify(err)
	}
	return q.decide(&verdict)
}

// decide acts on the verdict for who asks.
func (q *question) decide(verdict *rolepolicy.Verdict) error {
	if q.entry != nil && isWebSocket(q.r) && !q.gate.sameOrNamedOrigin(q.r) {
		return q.crossOrigin()
	}
	now := q.run.Now()
	outcome := verdict.Decide(q.subject(), q.proofs(), now)
	if (outcome == rolepolicy.NeedMFA || outcome == rolepolicy.NeedFresh) && q.entry != nil {
		// the proof may just have been given through another gateway: what is remembered here must not lead round in circles
		if err := q.reread(); err != nil {
			return q.cannotIdentify(err)
		}
		outcome = verdict.Decide(q.subject(), q.proofs(), now)
	}
	switch outcome {
	case rolepolicy.Granted:
		q.run.Metrics.count(answerGranted)
		if q.entry != nil {
			q.run.Sessions.Use(q.entry, now)
		}
		if q.identity == nil {
			q.answer.varies = true
			return q.pass()
		}
		q.answer.personal, q.answer.renews = true, q.renews()
		switch {
		case staysOpen(q.r):
			return q.passOpen()
		case q.r.ProtoMajor == 3:
			return q.passHTTP3()
		}
		return q.pass()
	case rolepolicy.NeedLogin:
		q.run.Metrics.count(answerLogin)
		return q.askToSignIn(authportal.Demand{})
	case rolepolicy.NeedMFA:
		q.run.Metrics.count(answerMFA)
		return q.askToSignIn(authportal.Demand{MFA: true, Fresh: verdict.Fresh})
	case rolepolicy.NeedFresh:
		q.run.Metrics.count(answerFresh)
		return q.askToSignIn(authportal.Demand{MFA: verdict.MFA, Fresh: verdict.Fresh})
	}
	return q.forbid()
}

// pass hands the request on: without anything of ours, and with the identity of who asks, if anyone may be told of.
func (q *question) pass() error {
	q.takeCredentials()
	if err := q.writeIdentity(); err != nil {
		return q.unavailable(err)
	}
	q.answer.origin = q.gate.namedOrigin(q.r)
	defer q.answer.end()
	err := q.next.ServeHTTP(&q.answer, q.r)
	q.answer.finish()
	return err
}

// identify finds out who asks: by a token of ours, else by the session cookie; or that it is nobody. An error means that
// nobody can tell, and is never a reason to go on.
func (q *question) identify() error {
	if token, ok := q.takeToken(); ok {
		return q.byToken(token)
	}
	key, present := authportal.SessionKey(q.r, isSecure(q.r))
	if !present {
		return nil
	}
	entry, err := q.run.Sessions.Get(q.r.Context(), key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	// A session belongs to a host: shown at another one, its cookie opens nothing (CONTRACT §2.3).
	if !isHost(q.r.Host, entry.Live().Session.Host) {
		return nil
	}
	q.entry, q.identity = entry, q.gate.identityOf(q.run, entry)
	return nil
}
