package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// TimeLimit bounds the time that all store and method calls of one request take together. A request that takes longer
// is answered as an outage.
const TimeLimit = 10 * time.Second

// Route is one action at one path.
type Route struct {
	Method string // GET (serves HEAD too), POST, PATCH, DELETE
	Path   string // below the base; the segment "{id}" matches any one, which becomes Call.Arg

	// Do performs the action and writes the response. If it returns an error, the response is a problem document below
	// /api/ and a page elsewhere.
	Do func(*Call) error

	// Anywhere makes the route available at a gate whose pages are served by a portal elsewhere. API routes always are.
	Anywhere bool

	// CrossSite allows posts from pages of other sites. The browser does not send SameSite cookies with them, so the
	// action cannot know whose browser it is.
	CrossSite bool

	// Secret says that the query holds a one-time secret, so that the host must keep the URL out of access logs.
	Secret bool

	Limit time.Duration // replaces TimeLimit; 0: TimeLimit
}

// Serve responds to a request for a reserved path below v.Base. The host has checked that v.Path is one.
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
		c.redirectToPortal()
		return
	}
	c.Arg = arg
	if err := rt.Do(c); err != nil {
		c.answer(err)
	}
}

// redirectToPortal redirects to the same page of the portal that serves this site's pages.
func (c *Call) redirectToPortal() {
	if !c.isRead() || c.Visit.Site.PortalBase == "" {
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
	// Drop the query: a token in it is for this host only.
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

// SecretInURL reports whether requests for the path, which is below the base, have a one-time secret in their query, so
// that the host must keep their URLs out of access logs.
func (s *Server) SecretInURL(path string) bool { return s.routes.secret(strings.TrimSuffix(path, "/")) }

// SecretInRedirect reports whether a Location header holds a one-time secret: the code that signs a browser in at
// another host, or the ticket of a provider's posted response.
func SecretInRedirect(location string) bool {
	path, query, _ := strings.Cut(location, "?")
	return strings.HasSuffix(path, "/callback") && strings.HasPrefix(query, "code=") ||
		strings.HasSuffix(path, "/continue") && strings.HasPrefix(query, "ticket=")
}
