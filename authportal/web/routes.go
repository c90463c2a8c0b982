package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// TimeLimit bounds every call into a store or a method, together: what takes longer is told as an outage.
const TimeLimit = 10 * time.Second

// Route is one action at one address. What do returns is told in the face of the address: a page, or a problem.
type Route struct {
	Method string // GET (serves HEAD too), POST, PATCH, DELETE
	Path   string // below the base; a segment "{id}" stands for any one, and is found in call.arg
	Do     func(*Call) error

	// anywhere says that a gate serves it too whose pages live on a portal elsewhere. Addresses of the API always are.
	Anywhere bool

	// crossSite says that other sites post here, by way of the browser. Such a route binds nothing to anybody: our cookies do
	// not come along.
	CrossSite bool

	// secret says that a one-time secret is in the query, so that the host keeps the address out of access logs.
	Secret bool

	Limit time.Duration // instead of timeLimit
}

// Serve answers every reserved address below v.Base; the host has decided that v.Path is one.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, v *Visit) {
	rt, arg, allowed := s.routes.find(r.Method, strings.TrimSuffix(v.Path, "/"))
	limit := TimeLimit
	if rt != nil && rt.Limit > 0 {
		limit = rt.Limit
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	c := &Call{srv: s, Writer: w, Request: r.WithContext(ctx), Visit: v, API: strings.HasPrefix(v.Path, "/api/")}
	c.safetyHeaders()
	if isAsset(v.Path) {
		s.serveAsset(c)
		return
	}
	if (rt == nil || !rt.CrossSite) && !c.ownOrigin() {
		c.emitCrossOrigin()
		c.answer(problem.CrossOrigin)
		return
	}
	switch {
	case rt == nil && c.API && r.Method == http.MethodOptions && allowed != nil:
		c.preflight(allowed)
		return
	case rt == nil && allowed != nil:
		w.Header().Set("Allow", allow(allowed, c.API))
		c.answer(problem.Method)
		return
	case rt == nil:
		c.answer(problem.NotFound)
		return
	case !c.API && !rt.Anywhere && !v.Site.Hosted:
		c.elsewhere()
		return
	}
	c.Arg = arg
	if err := rt.Do(c); err != nil {
		c.answer(err)
	}
}

// elsewhere leads to the same page of the portal that serves this site's pages.
func (c *Call) elsewhere() {
	if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead || c.Visit.Site.PortalBase == "" {
		c.answer(problem.NotFound)
		return
	}
	path := strings.TrimSuffix(c.Visit.Path, "/")
	if path == "/signup" {
		if err := c.srv.signIn.StartFlow(c, path); err != nil {
			c.answer(err)
		}
		return
	}
	// The query stays behind: whatever token it may hold is for this address.
	_ = c.Redirect(c.Visit.Site.PortalBase + path)
}

func allow(methods []string, api bool) string {
	m := slices.Clone(methods)
	if api {
		m = append(m, http.MethodOptions)
	}
	if slices.Contains(m, http.MethodGet) {
		m = append(m, http.MethodHead)
	}
	slices.Sort(m)
	return strings.Join(slices.Compact(m), ", ")
}

// SecretInURL reports whether requests for the path (below the base) carry a one-time secret in their query, so that the
// host keeps them out of access logs.
func (s *Server) SecretInURL(path string) bool { return s.routes.secret(strings.TrimSuffix(path, "/")) }

// SecretInRedirect reports whether an answer's Location carries a one-time secret: the code that signs a browser in at
// another host, or the ticket of what a provider posted.
func SecretInRedirect(location string) bool {
	path, query, _ := strings.Cut(location, "?")
	return strings.HasSuffix(path, "/callback") && strings.HasPrefix(query, "code=") ||
		strings.HasSuffix(path, "/continue") && strings.HasPrefix(query, "ticket=")
}
