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

// SignIn sends browsers to the login page.
type SignIn interface {
	// LoginURL returns the URL of the login page, which returns to an address of the visit's site.
	LoginURL(v *Visit, to string, d Demand) string
	// StartFlow redirects to a page of the portal that serves the site's pages, which returns to the site.
	StartFlow(c *Call, page string) error
}

// Server serves the reserved paths of all sites. It is safe for concurrent use once all routes are added.
type Server struct {
	events *audit.Emitter
	pages  Pages
	log    *slog.Logger
	rand   io.Reader
	signIn SignIn
	routes *router
}

// NewServer returns a server without routes.
func NewServer(c Config) *Server {
	return &Server{events: c.Events, pages: c.Pages, log: c.Log, rand: c.Rand, routes: newRouter()}
}

// Handle sets the sign-in service and adds routes. It must be called before the first request.
func (s *Server) Handle(signIn SignIn, routes ...[]Route) {
	s.signIn = signIn
	for _, list := range routes {
		s.routes.add(list)
	}
}

// Knows reports whether there is a route for the method and path.
func (s *Server) Knows(method, path string) bool {
	found, _, _ := s.routes.find(method, path)
	return found != nil
}

// Routes returns all routes, in no particular order.
func (s *Server) Routes() (all []Route) {
	for _, a := range s.routes.addresses {
		all = append(all, a.routes...)
	}
	return all
}
