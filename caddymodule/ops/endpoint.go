package ops

import (
	"errors"
	"net/http"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
)

func init() { caddy.RegisterModule(adminEndpoint{}) }

// adminEndpoint adds /gatehouse/ to Caddy's admin endpoint, for the command line. It is reached in no other way, and
// guarded by whatever guards that: the listener's address, its host and origin checks, and `admin off`.
type adminEndpoint struct{}

// CaddyModule returns the module's identity.
func (adminEndpoint) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.gatehouse", New: func() caddy.Module { return new(adminEndpoint) }}
}

// Routes returns the one route.
func (adminEndpoint) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{{Pattern: "/gatehouse/", Handler: caddy.AdminHandlerFunc(serveAdmin)}}
}

// serveAdmin answers for the configuration in force, which may be another at each request.
func serveAdmin(w http.ResponseWriter, r *http.Request) error {
	app, run := app.Current()
	if app == nil {
		return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable,
			Err: errors.New("gatehouse is not running: the configuration has no gate, no portal and no gatehouse block")}
	}
	NewHandler(app, run).ServeHTTP(w, r)
	return nil
}

// Interface guard
var _ caddy.AdminRouter = adminEndpoint{}
