package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

func decodeBody(contentType, body string) error {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	var dst struct{ A string }
	return decodeJSON(httptest.NewRecorder(), r, &dst)
}

func TestDecodeJSONLimits(t *testing.T) {
	nested := func(n int) string { return `{"b":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + "}" }
	for body, want := range map[string]int{
		`{}`: 0, ` {"a":"x"}` + "\n": 0, `{"a":"[[[[[[[[[[[[[[[[[[[["}`: 0, `{"a":"\"[[[[[[[[[[[[[[[[[[["}`: 0, `{"unknown":1}`: 0,
		nested(maxJSONDepth): 0, nested(maxJSONDepth + 1): 400, ``: 400, ` `: 400, `null`: 400, `[{}]`: 400, `{}{}`: 400, `{} x`: 400, `{"a":1}`: 400,
		`{"a":"` + strings.Repeat("x", maxJSON) + `"}`: 413,
	} {
		err := decodeBody("application/json", body)
		p, _ := err.(*problem.Problem)
		switch {
		case want == 0 && err != nil:
			t.Errorf("%.40q: %v", body, err)
		case want != 0 && (p == nil || p.Status != want):
			t.Errorf("%.40q: %v, want %d", body, err, want)
		}
	}
}
