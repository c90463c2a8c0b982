package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func decode(contentType, body string) error {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	var dst struct{ A string }
	return Decode(httptest.NewRecorder(), r, &dst)
}

func TestOneObjectOfBoundedSizeAndDepthIsRead(t *testing.T) {
	nested := func(n int) string { return `{"b":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + "}" }
	for body, want := range map[string]int{
		`{}`: 0, ` {"a":"x"}` + "\n": 0, `{"a":"[[[[[[[[[[[[[[[[[[[["}`: 0, `{"a":"\"[[[[[[[[[[[[[[[[[[["}`: 0, `{"unknown":1}`: 0,
		nested(maxDepth): 0, nested(maxDepth + 1): 400, ``: 400, ` `: 400, `null`: 400, `[{}]`: 400, `{}{}`: 400, `{} x`: 400, `{"a":1}`: 400,
		`{"a":"` + strings.Repeat("x", maxBody) + `"}`: 413,
	} {
		err := decode("application/json", body)
		p, _ := err.(*Problem)
		switch {
		case want == 0 && err != nil:
			t.Errorf("%.40q: %v", body, err)
		case want != 0 && (p == nil || p.Status != want):
			t.Errorf("%.40q: %v, want %d", body, err, want)
		}
	}
}

func TestAProblemHasItsHeadersAndIsNeverCached(t *testing.T) {
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
