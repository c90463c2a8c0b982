package caddymodule

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/caddymodule/ops"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql"
)

func TestWhatTheCommandLineDoesIsInTheTrail(t *testing.T) {
	dir := t.TempDir()
	app, run, err := prepared(t, dir, globals("")+oneGate)
	if err != nil {
		t.Fatal(err)
	}
	handler := ops.NewHandler(app, run)
	ask := func(method, path, body string) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code >= 400 {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	}
	ask("POST", "/gatehouse/users", `{"email":"ann@example.com","password":"correct horse battery"}`)
	ann, err := run.Users.FindUser(t.Context(), "ann@example.com")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	l := &store.ActiveSession{Session: store.Session{Key: store.KeyOf([]byte("k")), ID: "s1", UserID: ann.ID, Host: "localhost", Created: now, LastSeen: now,
		Idle: time.Hour, Expires: now.Add(time.Hour)}, Identity: ann.Identity()}
	if err := run.Sessions.CreateSession(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	ask("POST", "/gatehouse/sessions/revoke", `{"id":"s1"}`)
	ask("PATCH", "/gatehouse/users/ann@example.com", `{"name":"Ann"}`)
	ask("DELETE", "/gatehouse/users/ann@example.com", "")

	if err := app.Cleanup(); err != nil { // writes the events that wait
		t.Fatal(err)
	}
	trail, err := sql.OpenSQLite(t.Context(), filepath.Join(dir, "users.db"), store.Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer trail.Close()
	events, err := trail.ListEvents(t.Context(), store.AuditQuery{UserID: ann.ID, Actor: "command line"})
	if err != nil {
		t.Fatal(err)
	}
	var recorded []string
	for _, e := range events {
		recorded = append(recorded, e.Kind+" "+e.Session)
	}
	if got := strings.Join(recorded, ","); got != "user_delete ,user_change ,session_end s1,user_create " {
		t.Errorf("the trail says %q", got)
	}
}
