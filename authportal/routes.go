package authportal

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// timeLimit bounds every call into a store or a method, together: what takes longer is told as an outage.
const timeLimit = 10 * time.Second

// route is one action at one address. What do returns is told in the face of the address: a page, or a problem.
type route struct {
	method string // GET (serves HEAD too), POST, PATCH, DELETE
	path   string // below the base; a segment "{id}" stands for any one, and is found in call.arg
	do     func(*call) error

	// anywhere says that a gate serves it too whose pages live on a portal elsewhere. Addresses of the API always are.
	anywhere bool

	// crossSite says that other sites post here, by way of the browser. Such a route binds nothing to anybody: our cookies do
	// not come along.
	crossSite bool

	// secret says that a one-time secret is in the query, so that the host keeps the address out of access logs.
	secret bool

	limit time.Duration // instead of timeLimit
}

type routes map[string][]route // by number of segments and first segment

func routeKey(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first + "/" + string(rune('0'+strings.Count(path, "/")))
}

func newRoutes(p *Portal) routes {
	rt := routes{}
	for _, group := range [][]route{
		p.signInRoutes(), p.linkRoutes(), p.ticketRoutes(), p.accountRoutes(),
		p.adminRoutes(), p.adminPageRoutes(), p.adminFileRoutes(), p.columnRoutes(), p.overviewRoutes(), p.auditRoutes(),
		p.openAPIRoute(), p.providerRoutes(),
	} {
		for _, r := range group {
			rt[routeKey(r.path)] = append(rt[routeKey(r.path)], r)
		}
	}
	return rt
}

// find returns the route and what stands for {id}; or the methods that the address does know; or nothing. No id is a word:
// "/admin/users/export" is never the account of that id, whichever was named first.
func (rt routes) find(method, path string) (found *route, arg string, allowed []string) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	list := rt[routeKey(path)]
	if slices.ContainsFunc(list, func(r route) bool { return r.path == path }) {
		list = slices.DeleteFunc(slices.Clone(list), func(r route) bool { return r.path != path })
	}
	for i := range list {
		a, ok := matches(list[i].path, path)
		if !ok {
			continue
		}
		if list[i].method == method {
			return &list[i], a, nil
		}
		allowed = append(allowed, list[i].method)
	}
	return nil, "", allowed
}

func matches(pattern, path string) (arg string, ok bool) {
	before, after, has := strings.Cut(pattern, "{id}")
	if !has {
		return "", pattern == path
	}
	if !strings.HasPrefix(path, before) || !strings.HasSuffix(path, after) || len(path) <= len(before)+len(after) {
		return "", false
	}
	arg = path[len(before) : len(path)-len(after)]
	return arg, !strings.Contains(arg, "/")
}

// Serve answers every reserved address below v.Base; the host has decided that v.Path is one.
func (p *Portal) Serve(w http.ResponseWriter, r *http.Request, v *Visit) {
	rt, arg, allowed := p.routes.find(r.Method, strings.TrimSuffix(v.Path, "/"))
	limit := timeLimit
	if rt != nil && rt.limit > 0 {
		limit = rt.limit
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	c := &call{p: p, w: w, r: r.WithContext(ctx), v: v, api: strings.HasPrefix(v.Path, "/api/")}
	c.safetyHeaders()
	if isAsset(v.Path) {
		p.serveAsset(c)
		return
	}
	if (rt == nil || !rt.crossSite) && !c.ownOrigin() {
		c.emitCrossOrigin()
		c.answer(problem.CrossOrigin)
		return
	}
	switch {
	case rt == nil && c.api && r.Method == http.MethodOptions && allowed != nil:
		c.preflight(allowed)
		return
	case rt == nil && allowed != nil:
		w.Header().Set("Allow", allow(allowed, c.api))
		c.answer(problem.Method)
		return
	case rt == nil:
		c.answer(problem.NotFound)
		return
	case !c.api && !rt.anywhere && !v.Site.Hosted:
		c.elsewhere()
		return
	}
	c.arg = arg
	if err := rt.do(c); err != nil {
		c.answer(err)
	}
}

// elsewhere leads to the same page of the portal that serves this site's pages.
func (c *call) elsewhere() {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead || c.v.Site.PortalBase == "" {
		c.answer(problem.NotFound)
		return
	}
	path := strings.TrimSuffix(c.v.Path, "/")
	if path == "/signup" {
		if err := c.startFlow(path); err != nil {
			c.answer(err)
		}
		return
	}
	// The query stays behind: whatever token it may hold is for this address.
	_ = c.redirect(c.v.Site.PortalBase + path)
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
func (p *Portal) SecretInURL(path string) bool { return p.routes.secret(strings.TrimSuffix(path, "/")) }

// SecretInRedirect reports whether an answer's Location carries a one-time secret: the code that signs a browser in at
// another host, or the ticket of what a provider posted.
func SecretInRedirect(location string) bool {
	path, query, _ := strings.Cut(location, "?")
	return strings.HasSuffix(path, "/callback") && strings.HasPrefix(query, "code=") ||
		strings.HasSuffix(path, "/continue") && strings.HasPrefix(query, "ticket=")
}
