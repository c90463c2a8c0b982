package problem

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestProblemIsWrittenAndNeverCached(t *testing.T) {
	p := &Problem{Status: 429, Code: "too_many_attempts", RetryAfter: 1500 * time.Millisecond}
	with := p.With("field", "email").With("status", 200).With("code", "fine")
	w := httptest.NewRecorder()
	with.Write(w)
	want := `{"code":"too_many_attempts","field":"email","status":429,"title":"Too Many Requests","type":"about:blank"}`
	if got := strings.TrimSpace(w.Body.String()); got != want {
		t.Errorf("got %s", got)
	}
	h := w.Header()
	if w.Code != 429 || h.Get("Retry-After") != "2" || h.Get("Cache-Control") != "no-store" || h.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %v", w.Code, h)
	}
	if p.Extra != nil {
		t.Error("With changed what it was called on")
	}
	w = httptest.NewRecorder()
	(&Problem{Status: 401, Code: "login_required"}).Write(w)
	if w.Header().Get("WWW-Authenticate") != `Bearer realm="gatehouse"` {
		t.Errorf("401 with %v", w.Header())
	}
}
