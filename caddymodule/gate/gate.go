package gate

import (
	"errors"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/caddymodule/metrics"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
	"github.com/gatehouse-auth/gatehouse/store"
)

// ServeHTTP handles every request of the site: it removes what poses as an identity, answers the reserved paths,
// judges the rest, and passes on what is permitted, with our headers. Errors deny.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	g.identities.strip(r)
	x := newExchange(w, r, next)
	x.gate = g
	if bad := plainRequest(r, x.uri); bad != nil {
		return x.refuse(bad)
	}
	var err error
	if x.run, err = g.app.Ready(r.Context()); err != nil {
		return x.notReady()
	}
	if !g.servesHost(r) {
		return x.refuse(&refusal{http.StatusMisdirectedRequest, "This host is not served here."})
	}
	if reserved, ok := x.reservedPath(); ok {
		return x.serveReserved(reserved)
	}
	verdict := x.judge()
	matches := g.matches(r)
	public := !matches || verdict.Kind == rolepolicy.Public || x.isLoginPage()
	switch {
	case verdict.Malformed != "":
		return x.refuse(&refusal{http.StatusBadRequest, "The path cannot be read."})
	case isEarlyData(r) && (!safeMethod(r.Method) || matches && verdict.AskedAddress):
		return x.refuse(&refusal{http.StatusTooEarly, "Please send this again after the TLS handshake."})
	case matches && g.isPreflight(r):
		return x.answerPreflight()
	case public:
		x.run.Metrics.Count(metrics.Public)
		return x.pass()
	}
	if err := x.identify(); err != nil {
		return x.identificationFailed(err)
	}
	return x.decide(&verdict)
}

// decide acts on the verdict for this client.
func (x *exchange) decide(verdict *rolepolicy.Verdict) error {
	if x.entry != nil && isWebSocket(x.r) && !x.gate.sameOrNamedOrigin(x.r) {
		return x.refuseCrossOrigin()
	}
	now := x.run.Now()
	decision := verdict.Decide(x.subject(), x.proofs(), now)
	if (decision == rolepolicy.NeedMFA || decision == rolepolicy.NeedFresh) && x.entry != nil {
		// the proof may just have been given through another gateway: what is remembered here must not lead round in circles
		if err := x.refreshSession(); err != nil {
			return x.identificationFailed(err)
		}
		decision = verdict.Decide(x.subject(), x.proofs(), now)
	}
	switch decision {
	case rolepolicy.Granted:
		x.run.Metrics.Count(metrics.Granted)
		if x.entry != nil {
			x.run.Sessions.Use(x.entry, now)
		}
		if x.identity == nil {
			x.answer.variesByCookie = true
			return x.pass()
		}
		x.answer.personal, x.answer.rotates = true, x.rotatesSecret()
		switch {
		case opensStream(x.r):
			return x.passStream()
		case x.r.ProtoMajor == 3:
			return x.passHTTP3()
		}
		return x.pass()
	case rolepolicy.NeedLogin:
		x.run.Metrics.Count(metrics.Login)
		return x.requireSignIn(web.Demand{})
	case rolepolicy.NeedMFA:
		x.run.Metrics.Count(metrics.MFA)
		return x.requireSignIn(web.Demand{MFA: true, Fresh: verdict.Fresh})
	case rolepolicy.NeedFresh:
		x.run.Metrics.Count(metrics.Fresh)
		return x.requireSignIn(web.Demand{MFA: verdict.MFA, Fresh: verdict.Fresh})
	}
	return x.forbid()
}

// pass hands the request on, without credentials of ours, and with the identity if there is one.
func (x *exchange) pass() error {
	x.stripCredentials()
	if err := x.writeIdentity(); err != nil {
		return x.unavailable(err)
	}
	x.answer.origin = x.gate.namedOrigin(x.r)
	defer x.answer.end()
	err := x.next.ServeHTTP(&x.answer, x.r)
	x.answer.finish()
	return err
}

// identify looks for an identity: by a token of ours, else by the session cookie; there may be none. An error means
// that it cannot be known, and is never a reason to go on.
func (x *exchange) identify() error {
	if token, ok := x.stripToken(); ok {
		return x.identifyByToken(token)
	}
	key, present := web.SessionKey(x.r, isSecure(x.r))
	if !present {
		return nil
	}
	entry, err := x.run.Sessions.Get(x.r.Context(), key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	// A session belongs to a host: shown at another one, its cookie opens nothing.
	if !isHost(x.r.Host, entry.Live().Session.Host) {
		return nil
	}
	x.entry, x.identity = entry, x.gate.identityOf(x.run, entry)
	return nil
}
