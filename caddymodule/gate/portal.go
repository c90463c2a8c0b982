package gate

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
)

func init() { caddy.RegisterModule(new(Portal)) }

// Portal is the handler http.handlers.gatehouse_portal: it serves the pages and the API on a site of their own, for
// gates on any number of hosts.
type Portal struct {
	// The folder that the pages live in, without a slash at its end, such as "/auth". Default: the whole site.
	Path string `json:"path,omitempty"`

	// Where the directive is, as file:line; for messages only.
	Source string `json:"source,omitempty"`

	app      *app.App
	site     *web.Site // set by Mount
	prefixes []string  // what handlers above cut off the address; set by Mount
}

// CaddyModule returns the module's identity.
func (*Portal) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.gatehouse_portal", New: func() caddy.Module { return new(Portal) }}
}

// Provision wires the portal to its app.
func (p *Portal) Provision(ctx caddy.Context) error {
	loaded, err := ctx.App("gatehouse")
	if err != nil {
		return fmt.Errorf("%sloading the gatehouse app: %w", site.At(p.Source), err)
	}
	p.app = loaded.(*app.App)
	if p.Path != "" {
		if err := checkPortalPath(p.Path); err != nil {
			return fmt.Errorf("%s%w", site.At(p.Source), err)
		}
	}
	p.app.Register(p)
	return nil
}

func checkPortalPath(path string) error {
	if !strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/") || strings.Contains(path, "//") ||
		strings.ContainsAny(path, "*?#%;\\{}") {
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
	x := &exchange{w: w, r: r}
	if bad := plainRequest(r, sentURI(r)); bad != nil {
		return x.refuse(bad)
	}
	if isWebSocket(r) {
		return x.refuse(&refusal{http.StatusBadRequest, "There is no WebSocket here."})
	}
	if isEarlyData(r) {
		return x.refuse(&refusal{http.StatusTooEarly, "Please send this again after the TLS handshake."})
	}
	run, err := p.app.Ready(r.Context())
	if err != nil {
		return x.notReady()
	}
	v := newVisit(p.site, r)
	v.Base = strippedPrefix(p.prefixes, sentPath(r)) + v.Base
	v.Path = path
	return servePortal(run, w, asSent(r), v)
}

// passOn hands a request on that is not for the pages. The cookies are this host's all the same, and whatever else
// the site serves has no business with them; a gate behind gets them back.
func (p *Portal) passOn(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	x := newExchange(w, r, next)
	x.stripCredentials()
	err := next.ServeHTTP(&x.answer, r)
	x.answer.finish()
	return err
}

// servePortal lets the portal answer, and keeps addresses that hold a one-time secret out of the access log: that
// of the request, and that of the answer, which an access log shows among its headers.
func servePortal(run *app.Running, w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	if run.Portal.Web.SecretInURL(v.Path) {
		caddyhttp.SetVar(r.Context(), caddyhttp.LogSkipVar, true)
	}
	run.Portal.Web.Serve(w, r, v)
	if location := w.Header()["Location"]; len(location) == 1 && web.SecretInRedirect(location[0]) {
		caddyhttp.SetVar(r.Context(), caddyhttp.LogSkipVar, true)
	}
	return nil
}

// Directive returns the word and its place in the Caddyfile (site.Handler).
func (p *Portal) Directive() (string, string) { return "portal", p.Source }
func (p *Portal) LoginPath() string           { return p.Path + "/login" }
func (p *Portal) NamedHosts() []string        { return nil }

// Mount learns where the portal is mounted.
func (p *Portal) Mount(loc site.Location, _ *app.Running) error {
	p.prefixes = loc.StrippedPrefixes
	p.site = &web.Site{Base: p.Path, Hosted: true, Portal: true, Addresses: loc.Origins()}
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Portal)(nil)
	_ caddyhttp.MiddlewareHandler = (*Portal)(nil)
	_ site.Handler                = (*Portal)(nil)
)
