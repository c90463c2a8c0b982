package caddymodule

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal"
	"github.com/gatehouse-auth/gatehouse/store"
)

// The answers of a gate to requests that it does not let in. None sets a cookie, all are no-store, and all are written here,
// so that handle_errors never sees them.

// refuse answers what cannot be judged.
func (q *question) refuse(why *refusal) error {
	processMetrics.count(answerRefused)
	if why.status == http.StatusMethodNotAllowed {
		q.w.Header().Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS") // RFC 9110 §15.5.6
	}
	authportal.WriteProblem(q.w, why.status, "malformed", why.detail)
	return nil
}

// notReady answers while the configuration is being started.
func (q *question) notReady() error {
	processMetrics.count(answerUnavailable)
	q.w.Header().Set("Retry-After", "1")
	if isGRPC(q.r.Header) {
		return writeGRPC(q.w, grpcUnavailable, "starting")
	}
	authportal.WriteProblem(q.w, http.StatusServiceUnavailable, "store_unavailable", "The server is starting. Please try again in a moment.")
	return nil
}

// cannotIdentify answers where nobody can tell who asks.
func (q *question) cannotIdentify(err error) error {
	if errors.Is(err, errBadToken) {
		q.allowOrigin()
		q.run.Metrics.count(answerInvalidToken)
		q.tellRefused("invalid_token")
		if whoAsks(q.r) == askGRPC {
			return writeGRPC(q.w, grpcUnauthenticated, errBadToken.Error())
		}
		q.challenge()
		authportal.WriteProblem(q.w, http.StatusUnauthorized, "invalid_token", "This token is unknown, expired or revoked.")
		return nil
	}
	return q.unavailable(err)
}

func (q *question) unavailable(err error) error {
	q.run.Metrics.count(answerUnavailable)
	if q.r.Context().Err() == nil && q.gate.complaints.due(q.run.Now()) { // nobody is told of somebody who has gone
		q.run.Log.Error("cannot tell who asks", "error", err)
	}
	q.allowOrigin()
	q.w.Header().Set("Retry-After", "1")
	switch whoAsks(q.r) {
	case askGRPC:
		return writeGRPC(q.w, grpcUnavailable, "session store unavailable")
	case askNavigation, askForm:
		q.run.Portal.WriteUnavailable(q.w, asSent(q.r), q.visit())
	default:
		authportal.WriteProblem(q.w, http.StatusServiceUnavailable, "store_unavailable", "Sign-ins cannot be checked at the moment. Please try again.")
	}
	return nil
}

// askToSignIn leads whoever asks to the login page, in the way that they can follow.
func (q *question) askToSignIn(d authportal.Demand) error {
	location := q.run.Portal.LoginURL(q.visit(), q.uri, d)
	q.allowOrigin()
	switch whoAsks(q.r) {
	case askNavigation:
		return q.redirect(http.StatusFound, location)
	case askForm:
		return q.redirect(http.StatusSeeOther, location)
	case askGRPC:
		return writeGRPC(q.w, grpcUnauthenticated, "login required")
	}
	q.challenge()
	authportal.WriteProblem(q.w, http.StatusUnauthorized, "login_required", "Please sign in.", "login_url", location)
	return nil
}

func (q *question) redirect(status int, location string) error {
	h := q.w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Location", location)
	q.w.WriteHeader(status)
	return nil
}

// challenge names the schemes that would be accepted (RFC 9110 §11.6.1). Browsers are not offered Basic: they would open
// a prompt of their own over the app.
func (q *question) challenge() {
	h := q.w.Header()
	h.Add("WWW-Authenticate", `Bearer realm="gatehouse"`)
	if q.gate.Basic && !fromBrowser(q.r) {
		h.Add("WWW-Authenticate", `Basic realm="gatehouse"`)
	}
}

func fromBrowser(r *http.Request) bool {
	for name := range r.Header {
		if strings.HasPrefix(name, "Sec-Fetch-") {
			return true
		}
	}
	return false
}

// forbid answers someone who is known and may not enter.
func (q *question) forbid() error {
	q.run.Metrics.count(answerForbidden)
	q.tellRefused("forbidden")
	q.allowOrigin()
	switch whoAsks(q.r) {
	case askNavigation, askForm:
		var id *store.Identity
		if q.identity != nil {
			id = &q.identity.live.Identity
		}
		q.run.Portal.WriteForbidden(q.w, asSent(q.r), q.visit(), id)
	case askGRPC:
		return writeGRPC(q.w, grpcPermissionDenied, "permission denied")
	default:
		authportal.WriteProblem(q.w, http.StatusForbidden, "forbidden", "You may not enter here.")
	}
	return nil
}

// tellRefused has it in the audit trail that somebody was not let in. One who only has to sign in first was not refused.
func (q *question) tellRefused(reason string) {
	var live *store.ActiveSession
	if q.identity != nil {
		live = q.identity.live
	}
	q.run.Portal.AccessRefused(q.r.Context(), live, reason, clientAddr(q.r), hostOnly(q.r.Host))
}

// crossOrigin answers a page that opens a WebSocket as somebody who did not ask it to.
func (q *question) crossOrigin() error {
	q.run.Metrics.count(answerRefused)
	q.tellRefused("cross_origin")
	authportal.WriteProblem(q.w, http.StatusForbidden, "cross_origin", "A page of another origin may not open this WebSocket with your sign-in.")
	return nil
}

// complaints keeps an outage from filling the log: one line a second says it all.
type complaints struct{ last atomic.Int64 }

func (c *complaints) due(now time.Time) bool {
	last := c.last.Load()
	return now.UnixNano()-last >= int64(time.Second) && c.last.CompareAndSwap(last, now.UnixNano())
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
