package web

import (
	"net/http"
	"net/url"
	"strings"
)

// router finds the route of a request. The mux knows the addresses alone: which methods one has is decided after that, so
// that no id is a word. "/admin/users/export" is never the account of that id, whichever methods the two have.
type router struct {
	mux       *http.ServeMux
	addresses map[string]*address // by path of its routes
}

// address is one path with all its routes. It serves nothing: the mux leads to it.
type address struct {
	path   string
	routes []Route
}

func (*address) ServeHTTP(http.ResponseWriter, *http.Request) {}

func newRouter() *router { return &router{mux: http.NewServeMux(), addresses: map[string]*address{}} }

// add makes routes known. A second one of the same method and path is a mistake in the program.
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

// at returns the address of a path, nil where there is none. A path that is not in its shortest form has none.
func (rt *router) at(path string) *address {
	if path == "" {
		path = "/"
	}
	handler, _ := rt.mux.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}})
	a, _ := handler.(*address)
	return a
}

// find returns the route and what stands for {id}; or the methods that the address does know; or nothing.
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

// secret reports whether requests for the path hold a one-time secret in their query, by whichever method.
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

// arg returns what stands for {id} in a path that the mux found to be of this address.
func (a *address) arg(path string) string {
	before, after, has := strings.Cut(a.path, "{id}")
	if !has {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(path, before), after)
}
