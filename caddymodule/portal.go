package caddymodule

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/authportal"
)

func init() { caddy.RegisterModule(new(Portal)) }

// Portal is the handler http.handlers.gatehouse_portal: it serves the pages and the API on a site of their own, for gates on
// any number of hosts.
type Portal struct {
	// The folder that the pages live in, without a slash at its end, such as "/auth". Default: the whole site.
	Path string `json:"path,omitempty"`

	// Where the directive stands, as file:line; for messages only.
	Source string `json:"source,omitempty"`

	app  *App
	site *authportal.Site // set by settle
}

// CaddyModule returns the module's identity.
func (*Portal) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.gatehouse_portal", New: func() caddy.Module { return new(Portal) }}
}

// Provision wires the portal to its app.
func (p *Portal) Provision(ctx caddy.Context) error {
	app, err := ctx.App("gatehouse")
	if err != nil {
		return fmt.Errorf("%sloading the gatehouse app: %w", at(p.Source), err)
	}
	p.app = app.(*App)
	if p.Path != "" {
		if err := checkPortalPath(p.Path); err != nil {
			return fmt.Errorf("%s%w", at(p.Source), err)
		}
	}
	p.app.register(p)
	return nil
}

func checkPortalPath(path string) error {
	if !strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/") || strings.Contains(path, "//") || strings.ContainsAny(path, "*?#%;\\{}") {
		return fmt.Errorf("portal %s: write a folder such as /auth/*", path)
	}
	return nil
}

// ServeHTTP answers what lies below the portal's path and passes the rest on.
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	path, below := strings.CutPrefix(r.URL.EscapedPath(), p.Path)
	if !below || (path != "" && path[0] != '/') {
		return next.ServeHTTP(w, r)
	}
	if bad := plainRequest(r); bad != nil || isWebSocket(r) {
		if bad == nil {
			bad = &refusal{http.StatusBadRequest, "There is no WebSocket here."}
		}
		authportal.WriteProblem(w, bad.status, "malformed", bad.detail)
		return nil
	}
	if isEarlyData(r) {
		authportal.WriteProblem(w, http.StatusTooEarly, "malformed", "Please send this again after the TLS handshake.")
		return nil
	}
	run, err := p.app.Ready(r.Context())
	if err != nil {
		authportal.WriteProblem(w, http.StatusServiceUnavailable, "store_unavailable", "The server is starting. Please try again in a moment.", "retry_after", time.Second)
		return nil
	}
	v := visitAt(p.site, r)
	v.Path = path
	return servePortal(run, w, r, v)
}

// servePortal lets the portal answer, and keeps queries that hold a one-time secret out of the access log (DESIGN, law 13).
func servePortal(run *Running, w http.ResponseWriter, r *http.Request, v *authportal.Visit) error {
	if authportal.SecretInURL(v.Path) {
		caddyhttp.SetVar(r.Context(), caddyhttp.LogSkipVar, true)
	}
	run.Portal.Serve(w, r, v)
	return nil
}

func (p *Portal) directive() (string, string) { return "portal", p.Source }
func (p *Portal) reserved() string            { return p.Path + "/login" }
func (p *Portal) namedHosts() []string        { return nil }

// settle learns where the portal stands.
func (p *Portal) settle(_ Place, run *Running) error {
	p.site = &authportal.Site{Base: p.Path, Hosted: true, Portal: true}
	return nil
}

func (g *Gate) directive() (string, string) { return "gate", g.Source }
func (g *Gate) reserved() string            { return reservedFolder + "/login" }
func (g *Gate) namedHosts() []string        { return g.Hosts }

// settle learns where the gate stands, and compiles its rules with the roles of the configuration.
func (g *Gate) settle(place Place, run *Running) error {
	policy, err := g.compile(run.Roles)
	if err != nil {
		return err
	}
	g.policy = policy
	for _, warning := range policy.Warnings() {
		run.Log.Warn("a rule of this gate never decides", "rule", warning)
	}
	g.prefixes = place.Prefixes
	g.generation = run.Sessions.NewOwner()
	g.site = &authportal.Site{Base: reservedFolder, LoginPage: g.LoginPage, Origins: g.CORS, JWT: g.JWT != ""}
	g.site.Hosted, g.site.PortalBase = run.PortalBase == "", run.PortalBase
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Portal)(nil)
	_ caddyhttp.MiddlewareHandler = (*Portal)(nil)
	_ handler                     = (*Portal)(nil)
)
