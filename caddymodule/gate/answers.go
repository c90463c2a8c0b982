package gate

import (
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/caddymodule/metrics"
	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
	"github.com/gatehouse-auth/gatehouse/store"
)

// The answers of a gate to requests that it does not let in. None sets a cookie, all are no-store, and all are
// written here, so that handle_errors never sees them.

// refuse answers what cannot be judged.
func (x *exchange) refuse(why *refusal) error {
	metrics.Process.Count(metrics.Refused)
	if why.status == http.StatusMethodNotAllowed {
		x.w.Header().Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS") // RFC 9110 §15.5.6
	}
	problem.Write(x.w, why.status, "malformed", why.detail)
	return nil
}

// notReady answers while the configuration is being started.
func (x *exchange) notReady() error {
	metrics.Process.Count(metrics.Unavailable)
	x.w.Header().Set("Retry-After", "1")
	if isGRPC(x.r.Header) {
		return writeGRPC(x.w, grpcUnavailable, "starting")
	}
	problem.Write(x.w, http.StatusServiceUnavailable, "store_unavailable",
		"The server is starting. Please try again in a moment.")
	return nil
}

// identificationFailed answers where the credentials cannot be checked, or are a token that opens nothing.
func (x *exchange) identificationFailed(err error) error {
	if errors.Is(err, errInvalidToken) {
		x.allowOrigin()
		x.run.Metrics.Count(metrics.InvalidToken)
		x.auditRefusal("invalid_token")
		if classifyClient(x.r) == clientGRPC {
			return writeGRPC(x.w, grpcUnauthenticated, errInvalidToken.Error())
		}
		x.challenge()
		problem.Write(x.w, http.StatusUnauthorized, "invalid_token", "This token is unknown, expired or revoked.")
		return nil
	}
	return x.unavailable(err)
}

func (x *exchange) unavailable(err error) error {
	x.run.Metrics.Count(metrics.Unavailable)
	if x.r.Context().Err() == nil && x.gate.outageLog.allow(x.run.Now()) { // a client that has gone is no outage
		x.run.Log.Error("cannot identify the client", "error", err)
	}
	x.allowOrigin()
	x.w.Header().Set("Retry-After", "1")
	switch classifyClient(x.r) {
	case clientGRPC:
		return writeGRPC(x.w, grpcUnavailable, "session store unavailable")
	case clientNavigation, clientForm:
		x.run.Portal.Web.WriteUnavailable(x.w, asSent(x.r), x.visit())
	default:
		problem.Write(x.w, http.StatusServiceUnavailable, "store_unavailable",
			"Sign-ins cannot be checked at the moment. Please try again.")
	}
	return nil
}

// requireSignIn leads the client to the login page, in the way that its kind can follow.
func (x *exchange) requireSignIn(d web.Demand) error {
	location := x.run.Portal.SignIn.LoginURL(x.visit(), x.uri, d)
	x.allowOrigin()
	switch classifyClient(x.r) {
	case clientNavigation:
		return x.redirect(http.StatusFound, location)
	case clientForm:
		return x.redirect(http.StatusSeeOther, location)
	case clientGRPC:
		return writeGRPC(x.w, grpcUnauthenticated, "login required")
	}
	x.challenge()
	problem.Write(x.w, http.StatusUnauthorized, "login_required", "Please sign in.", "login_url", location)
	return nil
}

func (x *exchange) redirect(status int, location string) error {
	h := x.w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Location", location)
	x.w.WriteHeader(status)
	return nil
}

// challenge names the schemes that would be accepted (RFC 9110 §11.6.1). Browsers are not offered Basic: they would
// open a prompt of their own over the app.
func (x *exchange) challenge() {
	h := x.w.Header()
	h.Add("WWW-Authenticate", `Bearer realm="gatehouse"`)
	if x.gate.Basic && !web.FromBrowser(x.r) {
		h.Add("WWW-Authenticate", `Basic realm="gatehouse"`)
	}
}

// forbid answers a client that is identified and not permitted.
func (x *exchange) forbid() error {
	x.run.Metrics.Count(metrics.Forbidden)
	x.auditRefusal("forbidden")
	x.allowOrigin()
	switch classifyClient(x.r) {
	case clientNavigation, clientForm:
		var id *store.Identity
		if x.identity != nil {
			id = &x.identity.live.Identity
		}
		x.run.Portal.Web.WriteForbidden(x.w, asSent(x.r), x.visit(), id)
	case clientGRPC:
		return writeGRPC(x.w, grpcPermissionDenied, "permission denied")
	default:
		problem.Write(x.w, http.StatusForbidden, "forbidden", "You may not enter here.")
	}
	return nil
}

// auditRefusal records in the audit trail that a request was refused. One that only has to sign in first was not
// refused.
func (x *exchange) auditRefusal(reason string) {
	var live *store.ActiveSession
	if x.identity != nil {
		live = x.identity.live
	}
	x.run.Portal.SignIn.AccessRefused(x.r.Context(), live, reason, site.ClientAddr(x.r), site.Hostname(x.r.Host))
}

// refuseCrossOrigin answers a page of another origin that opens a WebSocket with this person's session.
func (x *exchange) refuseCrossOrigin() error {
	x.run.Metrics.Count(metrics.Refused)
	x.auditRefusal("cross_origin")
	problem.Write(x.w, http.StatusForbidden, "cross_origin",
		"A page of another origin may not open this WebSocket with your sign-in.")
	return nil
}

// logLimiter keeps an outage from filling the log: one line a second says it all.
type logLimiter struct{ last atomic.Int64 }

func (l *logLimiter) allow(now time.Time) bool {
	last := l.last.Load()
	return now.UnixNano()-last >= int64(time.Second) && l.last.CompareAndSwap(last, now.UnixNano())
}

// gRPC status codes (https://grpc.github.io/grpc/core/md_doc_statuscodes.html).
const (
	grpcPermissionDenied = "7"
	grpcUnavailable      = "14"
	grpcUnauthenticated  = "16"
)

// writeGRPC writes a trailers-only answer: one header block that holds the status too.
func writeGRPC(w http.ResponseWriter, status, message string) error {
	h := w.Header()
	h.Set("Content-Type", "application/grpc")
	h.Set("Cache-Control", "no-store")
	h.Set("Grpc-Status", status)
	h.Set("Grpc-Message", message)
	w.WriteHeader(http.StatusOK)
	return nil
}
