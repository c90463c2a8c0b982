package caddymodule

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/caddymodule/ops"
	"github.com/gatehouse-auth/gatehouse/store"
)

const oneGate = "http://localhost:8080 {\n\tgate\n}\n"

// TestAWebPageCannotUseTheAdminEndpoint is the attack of a web page that posts to localhost.
func TestAWebPageCannotUseTheAdminEndpoint(t *testing.T) {
	app, run, err := prepared(t, t.TempDir(), globals("")+oneGate)
	if err != nil {
		t.Fatal(err)
	}
	handler := ops.NewHandler(app, run)
	ask := func(method, path, body string, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	const user = `{"email":"evil@example.com","roles":["admin"]}`
	for name, headers := range map[string][]string{
		"a form":            {"Content-Type", "application/x-www-form-urlencoded"},
		"a form of text":    {"Content-Type", "text/plain"},
		"nothing said":      nil,
		"JSON from a page":  {"Content-Type", "application/json", "Sec-Fetch-Site", "cross-site"},
		"JSON of a sibling": {"Content-Type", "application/json", "Sec-Fetch-Site", "same-site"},
	} {
		if w := ask("POST", "/gatehouse/users", user, headers...); w.Code != http.StatusForbidden && w.Code != http.StatusUnsupportedMediaType {
			t.Errorf("%s: answered %d", name, w.Code)
		}
	}
	if w := ask("GET", "/gatehouse/users", "", "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("reading from a page: answered %d", w.Code)
	}
	if users, err := run.Users.ListUsers(t.Context(), store.UserQuery{}); err != nil || len(users) > 0 {
		t.Errorf("there are accounts: %v %v", users, err)
	}

	// What is misspelt is not done in part.
	for _, body := range []string{`{"email":"a@example.com","role":["admin"]}`, `{"email":"a@example.com"} {}`, `[]`, ``} {
		if w := ask("POST", "/gatehouse/users", body, "Content-Type", "application/json"); w.Code != http.StatusBadRequest {
			t.Errorf("%s: answered %d", body, w.Code)
		}
	}
	w := ask("POST", "/gatehouse/users", `{"email":"ann@example.com","password":"canary canary canary"}`, "Content-Type", "application/json")
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "canary") || !json.Valid(w.Body.Bytes()) {
		t.Errorf("adding: %d %s", w.Code, w.Body)
	}
	if w := ask("GET", "/gatehouse/status", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"http://localhost:8080"`) {
		t.Errorf("status: %d %s", w.Code, w.Body)
	}
}
