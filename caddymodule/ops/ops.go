package ops

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
	"github.com/gatehouse-auth/gatehouse/store"
)

// operator does what an operator of the server may do, on stores that are open. The admin endpoint and the command line
// are two ways to it, so that both do the same.
type operator struct {
	app    *app.App
	run    *app.Running
	direct bool // without a running server: what only that knows is left out
}

// NewHandler returns the operations of a running server, below /gatehouse/.
func NewHandler(app *app.App, run *app.Running) http.Handler {
	return (&operator{app: app, run: run}).handler()
}

// NewOfflineHandler returns the same on stores that were opened without a server.
func NewOfflineHandler(app *app.App, run *app.Running) http.Handler {
	return (&operator{app: app, run: run, direct: true}).handler()
}

// operation answers one request. What it returns is written as JSON; nil is 204.
type operation func(r *http.Request) (any, error)

// operations are what there is, by method and path.
func (o *operator) operations() map[string]operation {
	return map[string]operation{
		"GET /gatehouse/status":               o.status,
		"GET /gatehouse/doctor":               o.doctor,
		"POST /gatehouse/doctor/mail":         o.sendTest,
		"GET /gatehouse/users":                o.listUsers,
		"POST /gatehouse/users":               o.addUser,
		"POST /gatehouse/users/import":        o.importUsers,
		"GET /gatehouse/users/{who}":          o.showUser,
		"POST /gatehouse/users/{who}/approve": o.approveUser,
		"POST /gatehouse/users/{who}/decline": o.declineUser,
		"POST /gatehouse/users/{who}/invite":  o.inviteUser,
		"POST /gatehouse/users/{who}/ticket":  o.ticketFor,
		"PATCH /gatehouse/users/{who}":        o.setUser,
		"DELETE /gatehouse/users/{who}":       o.deleteUser,
		"GET /gatehouse/sessions":             o.listSessions,
		"POST /gatehouse/sessions/revoke":     o.revokeSessions,
		"POST /gatehouse/policy/explain":      o.explain,
	}
}

// handler returns the operations under their paths.
func (o *operator) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, do := range o.operations() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := refuseBrowsers(r); err != nil {
				writeError(w, err)
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
			out, err := do(r)
			if err != nil {
				writeError(w, err)
				return
			}
			writeJSON(w, http.StatusOK, out)
		})
	}
	return mux
}

// statusError is an error with the status that says whose fault it is.
type statusError struct {
	status int
	text   string
}

func (f *statusError) Error() string { return f.text }

func statusErrorf(status int, format string, args ...any) error {
	return &statusError{status, fmt.Sprintf(format, args...)}
}

// refuseBrowsers refuses what a page in a browser on this machine could send to the admin endpoint: it must say that
// it sends JSON, which a form cannot, and nothing may say that it comes from elsewhere.
func refuseBrowsers(r *http.Request) error {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return statusErrorf(http.StatusForbidden, "requests of web pages are not answered here")
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return statusErrorf(http.StatusUnsupportedMediaType,
			"requests that change something need Content-Type: application/json")
	}
	return nil
}

// decodeBody reads the JSON object of a request. What it does not know is an error: a misspelt field must not pass
// for done.
func decodeBody(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return statusErrorf(http.StatusBadRequest, "reading the request: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return statusErrorf(http.StatusBadRequest, "reading the request: something follows the object")
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	if v == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		writeError(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the client may be gone
}

// writeError answers with {"error": "..."}, as Caddy's admin endpoint does.
func writeError(w http.ResponseWriter, err error) {
	status, text := http.StatusInternalServerError, err.Error()
	var (
		own     *statusError
		problem *problem.Problem
	)
	switch {
	case errors.As(err, &own):
		status = own.status
	case errors.As(err, &problem):
		status, text = problem.Status, problemText(problem)
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrClosed), errors.Is(err, method.ErrBusy):
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, map[string]string{"error": text})
}

// problemText returns what an operator can do about a problem, where that is more than its own detail.
func problemText(p *problem.Problem) string {
	if p.Code == "last_administrator" {
		return "this is the last enabled administrator, who stays: give the role admin to somebody else first"
	}
	return p.Detail
}

// status reports that the server runs.
func (o *operator) status(r *http.Request) (any, error) {
	type gate struct {
		Directive string   `json:"directive"`
		Source    string   `json:"source,omitempty"`
		Addresses []string `json:"addresses,omitempty"`
	}
	out := struct {
		Portal   string `json:"portal,omitempty"`
		Handlers []gate `json:"handlers"`
		Sessions any    `json:"sessions"`
	}{Portal: o.run.PortalBase, Handlers: []gate{}}
	for _, m := range o.app.Mounts() {
		g := gate{Directive: m.Word, Source: m.Source}
		for _, a := range m.Location.Addresses {
			g.Addresses = append(g.Addresses, a.String())
		}
		out.Handlers = append(out.Handlers, g)
	}
	stats := o.run.Sessions.Stats()
	out.Sessions = map[string]any{"cached": stats.Sessions, "hits": stats.Hits, "misses": stats.Misses,
		"feed_up": stats.Up, "open_streams": stats.Watches}
	return out, nil
}
