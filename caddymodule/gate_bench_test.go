package caddymodule

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/store"
)

const benchGate = `http://app.localhost {
	gate {
		public /healthz /assets/*
		allow role:admin /admin/*
		allow user
	}
	respond ok
}
`

// standing returns the gate of a configuration that has done all that a start does, and the cookie of a session.
func standing(b testing.TB) (*Gate, string) {
	b.Helper()
	raw, err := adapt("{\n\tadmin off\n\tstorage file_system " + b.TempDir() + "\n\tgatehouse {\n\t\tusers sqlite " + b.TempDir() + "/users.db\n\t\tsecret of-this-test-and-long-enough\n\t}\n}\n" + benchGate)
	if err != nil {
		b.Fatal(err)
	}
	var config caddy.Config
	if err := caddy.StrictUnmarshalJSON([]byte(raw), &config); err != nil {
		b.Fatal(err)
	}
	config.Logging = &caddy.Logging{Logs: map[string]*caddy.CustomLog{"default": {BaseLog: caddy.BaseLog{Level: "PANIC"}}}}
	ctx, err := caddy.ProvisionContext(&config)
	if err != nil {
		b.Fatal(err)
	}
	found, err := ctx.App("gatehouse")
	if err != nil {
		b.Fatal(err)
	}
	app := found.(*App)
	run, err := app.prepare(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = app.Cleanup() })
	app.running.Store(run)
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	now := time.Now()
	u := store.User{ID: "aaaaaaaaaaaaaaaaaaaaaaaaaa", Username: "ann@example.com", Email: "ann@example.com", Confirmed: true, Name: "Ann",
		Roles: []string{"member"}, Enabled: true, Approved: true, Created: now}
	if err := run.Users.CreateUser(context.Background(), u); err != nil {
		b.Fatal(err)
	}
	err = run.Sessions.CreateSession(context.Background(), &store.ActiveSession{Identity: u.Identity(), Session: store.Session{Key: store.KeyOf(secret),
		ID: "bbbbbbbbbbbbbbbbbbbbbbbbbb", UserID: u.ID, Host: "app.localhost", Created: now, LastSeen: now, Idle: 12 * time.Hour, Expires: now.Add(24 * time.Hour),
		Proofs: []store.Proof{{Method: "password", At: now}}}})
	if err != nil {
		b.Fatal(err)
	}
	return app.handlers[0].(*Gate), "gatehouse=" + base64.RawURLEncoding.EncodeToString(secret)
}

// askedFor returns a request as Caddy hands it to a gate.
func askedFor(target, cookie string) *http.Request {
	r := httptest.NewRequest("GET", target, nil)
	r.Host = "app.localhost"
	r.Header = http.Header{"User-Agent": {"Mozilla/5.0 (X11; Linux x86_64) bench"}, "Accept": {"text/html,application/xhtml+xml"},
		"Accept-Language": {"en"}, "Accept-Encoding": {"identity"}, "Cookie": {"theme=dark; " + cookie}}
	return r
}

// prepareLikeCaddy adds what Caddy's server adds to every request.
func prepareLikeCaddy(r *http.Request, w http.ResponseWriter) *http.Request {
	return caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, nil)
}

// processorTime is what counts on a machine that does other work too.
func processorTime(b *testing.B) int64 {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return use.Utime.Nano() + use.Stime.Nano()
}

type nullWriter struct{ h http.Header }

func (w nullWriter) Header() http.Header         { return w.h }
func (w nullWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w nullWriter) WriteHeader(int)             {}

// BenchmarkGate measures what the gate itself costs: Caddy's own preparation of the request is measured beside it, as
// "nothing", and must be taken off.
func BenchmarkGate(b *testing.B) {
	gate, cookie := standing(b)
	next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusOK)
		return nil
	})
	w := nullWriter{http.Header{"Server": {"Caddy"}, "Content-Type": {"text/plain"}}}
	for _, c := range []struct {
		name, target string
		handler      caddyhttp.MiddlewareHandler
	}{{"nothing", "/page/1?q=1", nil}, {"public", "/assets/x.css", gate}, {"signed in", "/page/1?q=1", gate}} {
		b.Run(c.name, func(b *testing.B) {
			sent := askedFor(c.target, cookie)
			header := sent.Header
			b.ReportAllocs()
			began := processorTime(b)
			for b.Loop() {
				sent.Header = header.Clone()
				r := prepareLikeCaddy(sent, w)
				var err error
				if c.handler == nil {
					err = next.ServeHTTP(w, r)
				} else {
					err = c.handler.ServeHTTP(w, r, next)
				}
				if err != nil {
					b.Fatal(err)
				}
				if c.name == "signed in" && r.Header["Remote-User"] == nil {
					b.Fatal("not signed in")
				}
			}
			b.ReportMetric(float64(processorTime(b)-began)/float64(b.N), "cpu-ns/op")
		})
	}
}
