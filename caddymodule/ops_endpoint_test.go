package caddymodule

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/gatehouse-auth/gatehouse/authportal"
	"github.com/gatehouse-auth/gatehouse/store"
)

const oneGate = "http://localhost:8080 {\n\tgate\n}\n"

// TestThePageOfAStrangerCannotUseTheAdminEndpoint tells the story of a web page that posts to localhost.
func TestThePageOfAStrangerCannotUseTheAdminEndpoint(t *testing.T) {
	app, run, err := prepared(t, t.TempDir(), globals("")+oneGate)
	if err != nil {
		t.Fatal(err)
	}
	handler := (&operator{app: app, run: run}).handler()
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

// TestTheAdminEndpointFollowsTheConfigurationInForce through a reload that succeeds, and one of which a later app fails.
func TestTheAdminEndpointFollowsTheConfigurationInForce(t *testing.T) {
	var l actives
	first, second, failed := new(App), new(App), new(App)
	l.add(first)
	l.add(second)
	l.remove(first)
	if l.latest() != second {
		t.Error("after a reload the new one is not in force")
	}
	l.add(failed)
	l.remove(failed)
	if l.latest() != second {
		t.Error("after a failed reload the one before is not in force")
	}
	l.remove(second)
	if l.latest() != nil {
		t.Error("after the last one stopped there is one")
	}
}

// TestMetricsAreThereForEveryConfiguration although their collectors are made once, and have bounded labels.
func TestMetricsAreThereForEveryConfiguration(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		app, run, err := prepared(t, dir, globals("")+oneGate)
		if err != nil {
			t.Fatal(err)
		}
		app.running.Store(run)
		run.Metrics.count(answerGranted)
		app.notify(t.Context(), authportal.Event{Kind: authportal.EventSignIn, Method: "password", Result: authportal.ResultOK})
		app.notify(t.Context(), authportal.Event{Kind: authportal.EventSignIn, Method: "typed by a stranger", Result: authportal.ResultRefused})
		registry := prometheus.NewPedanticRegistry()
		if err := app.registerMetrics(registry); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"caddy_gatehouse_verdicts_total", "caddy_gatehouse_sign_ins_total", "caddy_gatehouse_store_seconds",
			"caddy_gatehouse_session_cache_lookups_total", "caddy_gatehouse_session_feed_up", "caddy_gatehouse_password_hashing"} {
			if n, err := testutil.GatherAndCount(registry, name); err != nil || n == 0 {
				t.Errorf("%s: %d %v", name, n, err)
			}
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if strings.Contains(f.String(), "stranger") {
				t.Errorf("a stranger's text is a label: %s", f)
			}
		}
	}
}

// TestARequestWaitsForTheStartAndNoLonger than its configuration lives.
func TestARequestWaitsForTheStartAndNoLonger(t *testing.T) {
	app, run, err := prepared(t, t.TempDir(), globals("")+oneGate)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan *Running, 1)
	go func() {
		r, err := app.Ready(t.Context())
		if err != nil {
			t.Error(err)
		}
		got <- r
	}()
	app.running.Store(run)
	close(app.started)
	select {
	case r := <-got:
		if r != run {
			t.Error("got something else")
		}
	case <-time.After(readyWait):
		t.Error("still waits")
	}
}
