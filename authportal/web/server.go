package web

import (
	"io"
	"log/slog"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
)

// Config is what a Server depends on.
type Config struct {
	Events *audit.Emitter
	Pages  Pages
	Log    *slog.Logger
	Rand   io.Reader
}

// SignIn is where those are sent who must sign in first.
type SignIn interface {
	// LoginURL returns the address of the login page that comes back to an address of the visit's site.
	LoginURL(v *Visit, to string, d Demand) string
	// StartFlow leads to a page of the portal that serves the pages of the call's site, and from there back.
	StartFlow(c *Call, page string) error
}

// Server answers the reserved addresses of all sites, by the routes that it was given. It is safe for concurrent use once
// it has them.
type Server struct {
	events *audit.Emitter
	pages  Pages
	log    *slog.Logger
	rand   io.Reader
	signIn SignIn
	routes *router
}

// NewServer returns a server that has no routes yet.
func NewServer(c Config) *Server {
	return &Server{events: c.Events, pages: c.Pages, log: c.Log, rand: c.Rand, routes: newRouter()}
}

// Handle says who signs people in, and adds routes. It is called before any request.
func (s *Server) Handle(signIn SignIn, routes ...[]Route) {
	s.signIn = signIn
	for _, list := range routes {
		s.routes.add(list)
	}
}

// Knows reports whether there is a route of that method and path.
func (s *Server) Knows(method, path string) bool {
	found, _, _ := s.routes.find(method, path)
	return found != nil
}

// Routes returns all routes, for programs that describe them.
func (s *Server) Routes() (all []Route) {
	for _, a := range s.routes.addresses {
		all = append(all, a.routes...)
	}
	return all
}
