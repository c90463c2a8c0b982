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
	if bad := plainRequest(r); bad != nil {
		return g.refuse(w, bad)
	}
	run, err := g.app.Ready(r.Context())
	if err != nil {
		return g.notReady(w, r)
	}
	if !g.servesHost(r) {
		return g.refuse(w, &refusal{http.StatusMisdirectedRequest, "This host is not served here."})
	}
	q := question{gate: g, run: run, w: w, r: r, next: next}
	if asked, ok := g.reservedPath(r); ok {
		return q.reserved(asked)
	}
	verdict := q.judge()
	switch {
	case verdict.Malformed != "":
		return g.refuse(w, &refusal{http.StatusBadRequest, "The path cannot be read."})
	case !g.judges(r):
		run.Metrics.count(answerPublic)
		return q.pass(nil)
	case isEarlyData(r) && (!safeMethod(r.Method) || verdict.AskedAddress):
		return g.refuse(w, &refusal{http.StatusTooEarly, "Please send this again after the TLS handshake."})
	case verdict.Kind == rolepolicy.Public:
		run.Metrics.count(answerPublic)
		return q.pass(nil)
	case g.isPreflight(r):
		return g.answerPreflight(w, r)
	}
	who, err := q.identify()
	if err != nil {
		return q.cannotIdentify(err)
	}
	return q.decide(&verdict, who)
}

// question is one request on its way through the gate.
type question struct {
	gate *Gate
	run  *Running
	w    http.ResponseWriter
	r    *http.Request
	next caddyhttp.Handler
}

// decide acts on the verdict for who asks; nil is nobody.
func (q *question) decide(verdict *rolepolicy.Verdict, who *caller) error {
	if who != nil && who.entry != nil && isWebSocket(q.r) && !q.gate.sameOrNamedOrigin(q.r) {
		q.run.Metrics.count(answerRefused)
		return q.crossOrigin()
	}
	now := q.run.Now()
	outcome := verdict.Decide(who.subject(), who.proofs(), now)
	if (outcome == rolepolicy.NeedMFA || outcome == rolepolicy.NeedFresh) && who.entry != nil {
		// the proof may just have been given through another gateway: what is remembered here must not lead round in circles
		switch err := q.reread(who); {
		case errors.Is(err, store.ErrNotFound):
			who = nil
		case err != nil:
			return q.cannotIdentify(err)
		}
		outcome = verdict.Decide(who.subject(), who.proofs(), now)
	}
	switch outcome {
	case rolepolicy.Granted:
		q.run.Metrics.count(answerGranted)
		if who != nil && who.entry != nil {
			q.run.Sessions.Use(who.entry, now)
		}
		if who != nil && staysOpen(q.r) {
			return q.passOpen(*verdict, who)
		}
		return q.pass(who)
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
	return q.forbid(who)
}

// pass hands the request on: without anything of ours, and with the identity of who, if anyone.
func (q *question) pass(who *caller) error {
	takeToken(q.r.Header, q.gate.Basic)
	stripCookies(q.r.Header)
	if who != nil {
		if err := q.writeIdentity(who.identity); err != nil {
			return q.unavailable(err)
		}
	}
	answer := answerFilter{ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: q.w}, origin: q.gate.namedOrigin(q.r)}
	err := q.next.ServeHTTP(&answer, q.r)
	answer.finish()
	return err
}

// identify finds out who asks: by a token of ours, else by the session cookie; nil is nobody. An error means that nobody
// can tell, and is never a reason to go on.
func (q *question) identify() (*caller, error) {
	if token, ok := takeToken(q.r.Header, q.gate.Basic); ok {
		return q.byToken(token)
	}
	key, present := authportal.SessionKey(q.r, isSecure(q.r))
	if !present {
		return nil, nil
	}
	entry, err := q.run.Sessions.Get(q.r.Context(), key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &caller{identity: q.gate.identityOf(q.run, entry), entry: entry}, nil
}
