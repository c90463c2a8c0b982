package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// Problem is a failed outcome in the form of RFC 9457. As an error it means that the request was at fault, or has to
// wait: not that we failed.
type Problem struct {
	Status     int
	Code       string         // stable; programs decide by it
	Detail     string         // one English sentence for the developer; never a secret, never internals
	RetryAfter time.Duration  // 0: no such header
	Extra      map[string]any // further members: "field", "reason", "login_url"
}

func (p *Problem) Error() string { return p.Code }

// With returns a copy with one further member.
func (p *Problem) With(name string, value any) *Problem {
	q := *p
	q.Extra = maps.Clone(p.Extra)
	if q.Extra == nil {
		q.Extra = map[string]any{}
	}
	q.Extra[name] = value
	return &q
}

// challenge is the WWW-Authenticate header of every 401.
const challenge = `Bearer realm="gatehouse"`

// Write sends the problem as the response.
func (p *Problem) Write(w http.ResponseWriter) {
	body := map[string]any{}
	maps.Copy(body, p.Extra)
	body["type"], body["status"], body["code"] = "about:blank", p.Status, p.Code
	body["title"] = http.StatusText(p.Status)
	if p.Detail != "" {
		body["detail"] = p.Detail
	}
	b, err := json.Marshal(body)
	if err != nil { // an Extra that is no JSON value is a bug
		b = []byte(`{"type":"about:blank","status":500,"code":"internal"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	p.Headers(h)
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(b, '\n'))
}

// Headers sets the headers that the problem carries in JSON and on pages alike.
func (p *Problem) Headers(h http.Header) {
	if p.Status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", challenge)
	}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", retrySeconds(p.RetryAfter))
	}
}

// retrySeconds rounds up, and says at least one: "0" would invite an immediate retry.
func retrySeconds(d time.Duration) string {
	return strconv.FormatInt(max(1, int64((d+time.Second-1)/time.Second)), 10)
}

// WriteJSON sends a value as the response.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		(&Problem{Status: http.StatusInternalServerError, Code: "internal"}).Write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}
