package problem

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// Problem reports to a person or program why a request failed (RFC 9457). An action returns one as its error; any other
// error of an action is an internal failure.
type Problem struct {
	Status     int            // HTTP status
	Code       string         // stable; programs decide by it
	Detail     string         // one English sentence for developers; never a secret, never internals
	RetryAfter time.Duration  // 0: no Retry-After header
	Extra      map[string]any // extension members: "field", "reason", "login_url"
}

// Error returns the code.
func (p *Problem) Error() string { return p.Code }

// With returns a copy with one more extension member.
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
	if err != nil { // a bug: an extension member is not a JSON value
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

// Headers sets the headers that a problem needs, as a document and on a page.
func (p *Problem) Headers(h http.Header) {
	if p.Status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", challenge)
	}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", retrySeconds(p.RetryAfter))
	}
}

// retrySeconds rounds up to at least one second: "0" would invite an immediate retry.
func retrySeconds(d time.Duration) string {
	return strconv.FormatInt(max(1, int64((d+time.Second-1)/time.Second)), 10)
}

// Write sends a problem that has no variable of its own. Extension members come in pairs of name and value; the member
// "retry_after" (a time.Duration) becomes the header.
func Write(w http.ResponseWriter, status int, code, detail string, extra ...any) {
	p := &Problem{Status: status, Code: code, Detail: detail}
	for i := 0; i+1 < len(extra); i += 2 {
		name, _ := extra[i].(string)
		if d, ok := extra[i+1].(time.Duration); ok && name == "retry_after" {
			p.RetryAfter = d
			continue
		}
		p = p.With(name, extra[i+1])
	}
	p.Write(w)
}
