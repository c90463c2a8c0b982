package web

import (
	"net/http"
	"net/url"
	"strings"
)

// router finds the route of a request. The mux matches paths only; the method is matched afterwards, so that a literal
// path wins over {id} for every method: "/admin/users/export" is never the account with that id.
type router struct {
	mux       *http.ServeMux
	addresses map[string]*address // by path of its routes
}

// address is a path with its routes, one for each method. It is an http.Handler only to be registered with the mux.
type address struct {
	path   string
	routes []Route
}

func (*address) ServeHTTP(http.ResponseWriter, *http.Request) {}

func newRouter() *router { return &router{mux: http.NewServeMux(), addresses: map[string]*address{}} }

// add registers routes. It panics if two have the same method and path.
func (rt *router) add(routes []Route) {
	for _, r := range routes {
		a := rt.addresses[r.Path]
		if a == nil {
			a = &address{path: r.Path}
			rt.addresses[r.Path] = a
			pattern := r.Path
			if pattern == "" {
				pattern = "/{$}"
			}
			rt.mux.Handle(pattern, a)
		}
		if a.route(r.Method) != nil {
			panic("two routes for " + r.Method + " " + r.Path)
		}
		a.routes = append(a.routes, r)
	}
}

// at returns the address of a path, or nil. A path that is not clean has none.
func (rt *router) at(path string) *address {
	if path == "" {
		path = "/"
	}
	handler, _ := rt.mux.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}})
	a, _ := handler.(*address)
	return a
}

// find returns the route of a request and the value of {id}. If only the method does not match, it returns the allowed
// methods.
func (rt *router) find(method, path string) (found *Route, arg string, allowed []string) {
	a := rt.at(path)
	if a == nil {
		return nil, "", nil
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if found = a.route(method); found != nil {
		return found, a.arg(path), nil
	}
	for i := range a.routes {
		allowed = append(allowed, a.routes[i].Method)
	}
	return nil, "", allowed
}

// secret reports whether requests for the path, by any method, have a one-time secret in their query.
func (rt *router) secret(path string) bool {
	a := rt.at(path)
	if a == nil {
		return false
	}
	for i := range a.routes {
		if a.routes[i].Secret {
			return true
		}
	}
	return false
}

func (a *address) route(method string) *Route {
	for i := range a.routes {
		if a.routes[i].Method == method {
			return &a.routes[i]
		}
	}
	return nil
}

// arg returns the value of {id} in a path of this address.
func (a *address) arg(path string) string {
	before, after, has := strings.Cut(a.path, "{id}")
	if !has {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(path, before), after)
}
