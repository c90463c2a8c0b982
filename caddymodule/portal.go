package caddymodule

import (
	"fmt"
	"net/http"
	"strings"

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

	app      *App
	site     *authportal.Site // set by settle
	prefixes []string         // what handlers above cut off the address; set by settle
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
		return p.passOn(w, r, next)
	}
	q := &question{w: w, r: r}
	if bad := plainRequest(r, sentURI(r)); bad != nil {
		return q.refuse(bad)
	}
	if isWebSocket(r) {
		return q.refuse(&refusal{http.StatusBadRequest, "There is no WebSocket here."})
	}
	if isEarlyData(r) {
		return q.refuse(&refusal{http.StatusTooEarly, "Please send this again after the TLS handshake."})
	}
	run, err := p.app.Ready(r.Context())
	if err != nil {
		return q.notReady()
	}
	v := visitAt(p.site, r)
	v.Base = prefixOf(p.prefixes, sentPath(r)) + v.Base
	v.Path = path
	return servePortal(run, w, asSent(r), v)
}

// passOn hands a request on that is not for the pages. The cookies are this host's all the same, and whatever else the site
// serves has no business with them; a gate behind gets them back.
func (p *Portal) passOn(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	q := newQuestion(w, r, next)
	q.takeCredentials()
	err := next.ServeHTTP(&q.answer, r)
	q.answer.finish()
	return err
}

// servePortal lets the portal answer, and keeps addresses that hold a one-time secret out of the access log (DESIGN, law 13):
// that of the request, and that of the answer, which an access log shows among its headers.
func servePortal(run *Running, w http.ResponseWriter, r *http.Request, v *authportal.Visit) error {
	if run.Portal.SecretInURL(v.Path) {
		caddyhttp.SetVar(r.Context(), caddyhttp.LogSkipVar, true)
	}
	run.Portal.Serve(w, r, v)
	if location := w.Header()["Location"]; len(location) == 1 && authportal.SecretInRedirect(location[0]) {
		caddyhttp.SetVar(r.Context(), caddyhttp.LogSkipVar, true)
	}
	return nil
}

func (p *Portal) directive() (string, string) { return "portal", p.Source }
func (p *Portal) reserved() string            { return p.Path + "/login" }
func (p *Portal) namedHosts() []string        { return nil }

// settle learns where the portal stands.
func (p *Portal) settle(place Place, _ *Running) error {
	p.prefixes = place.Prefixes
	p.site = &authportal.Site{Base: p.Path, Hosted: true, Portal: true, Addresses: place.origins()}
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Portal)(nil)
	_ caddyhttp.MiddlewareHandler = (*Portal)(nil)
	_ handler                     = (*Portal)(nil)
)
