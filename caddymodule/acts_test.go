package caddymodule

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal"
	"github.com/gatehouse-auth/gatehouse/store"
)

// operationsTold says of every operation that changes something what the audit trail says of it, or why nothing.
var operationsTold = map[string]string{
	"POST /gatehouse/users":               "user_create",
	"POST /gatehouse/users/import":        "user_create, one for every account",
	"POST /gatehouse/users/{who}/approve": "user_change",
	"POST /gatehouse/users/{who}/decline": "user_delete",
	"POST /gatehouse/users/{who}/invite":  "user_change",
	"PATCH /gatehouse/users/{who}":        "user_change, password_change",
	"DELETE /gatehouse/users/{who}":       "user_delete",
	"POST /gatehouse/users/{who}/ticket":  "ticket_create",
	"POST /gatehouse/sessions/revoke":     "session_end",
	"POST /gatehouse/doctor/mail":         "nothing: a letter that says nothing goes to whom the operator names",
	"POST /gatehouse/policy/explain":      "nothing: it changes nothing",
}

// Whoever adds an operation adds what the audit trail says of it.
func TestEveryOperationOfTheOperatorIsTold(t *testing.T) {
	for pattern := range new(operator).operations() {
		if !strings.HasPrefix(pattern, "GET ") && operationsTold[pattern] == "" {
			t.Errorf("%s: write into operationsTold what the audit trail says of it, or why nothing", pattern)
		}
	}
}

func TestWhatTheCommandLineDoesIsInTheTrail(t *testing.T) {
	app, run, err := prepared(t, t.TempDir(), globals("")+oneGate)
	if err != nil {
		t.Fatal(err)
	}
	handler := (&operator{app: app, run: run}).handler()
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
	l := &store.Live{Session: store.Session{Key: store.KeyOf([]byte("k")), ID: "s1", UserID: ann.ID, Host: "localhost", Created: now, LastSeen: now,
		Idle: time.Hour, Expires: now.Add(time.Hour)}, Identity: ann.Identity()}
	if err := run.Sessions.CreateSession(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	ask("POST", "/gatehouse/sessions/revoke", `{"id":"s1"}`)
	ask("PATCH", "/gatehouse/users/ann@example.com", `{"name":"Ann"}`)
	ask("DELETE", "/gatehouse/users/ann@example.com", "")

	trail := app.lease.Value().usersLease.Value().(store.Audit)
	if err := app.lease.Value().recorder.Close(); err != nil { // writes what waits
		t.Fatal(err)
	}
	events, err := trail.ListEvents(t.Context(), store.AuditQuery{UserID: ann.ID, Actor: byCommandLine.ID})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range events {
		told = append(told, e.Kind+" "+e.Session)
	}
	if got := strings.Join(told, ","); got != "user_delete ,user_change ,session_end s1,user_create " {
		t.Errorf("the trail says %q", got)
	}
}

// Whoever writes a handler of events finds in them what the trail and the webhook say, by the same names.
func TestAnEventOfCaddySaysWhatTheTrailSays(t *testing.T) {
	e := authportal.Event{Time: time.Now()}
	for f, v := range reflect.ValueOf(&e).Elem().Fields() {
		if v.Kind() == reflect.String {
			v.SetString("some " + f.Name)
		}
	}
	raw, err := json.Marshal(e)
	var kept map[string]any
	if err != nil || json.Unmarshal(raw, &kept) != nil {
		t.Fatal(err)
	}
	delete(kept, "kind")
	data := eventData(&e)
	if got, want := slices.Sorted(maps.Keys(data)), slices.Sorted(maps.Keys(kept)); !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
	for name, value := range kept {
		if name != "time" && data[name] != value {
			t.Errorf("%s is %v, in the trail %v", name, data[name], value)
		}
	}
}
