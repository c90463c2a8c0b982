package web

import (
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// maxShownPath bounds how much of a request's path a page repeats, in bytes.
const maxShownPath = 200

// WriteForbidden writes the page of a gate that denies access (403). who is the signed-in user, or nil if access is
// denied to everyone. Programs get a problem document instead.
func (s *Server) WriteForbidden(w http.ResponseWriter, r *http.Request, v *Visit, who *store.Identity) {
	data := pages.ForbiddenData{Path: r.URL.Path}
	if len(data.Path) > maxShownPath {
		data.Path = data.Path[:maxShownPath]
	}
	if who != nil {
		data.User = &pages.User{ID: who.UserID, Username: who.Username, Email: who.Email, Name: who.Name}
		data.LogoutURL = v.Base + "/logout"
		data.Reason = "role"
	}
	s.pages.Write(w, r, http.StatusForbidden, pages.Page{Name: pages.Forbidden, Base: v.Base, Data: data})
}

// WriteUnavailable writes the page of a gate that cannot reach a store (503). It says that the user stays signed in.
func (s *Server) WriteUnavailable(w http.ResponseWriter, r *http.Request, v *Visit) {
	w.Header().Set("Retry-After", "1")
	data := pages.ErrorData{Status: http.StatusServiceUnavailable, Code: problem.CodeUnavailable,
		Detail: problem.Unavailable.Detail}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		data.RetryURL = r.RequestURI
	}
	s.pages.Write(w, r, data.Status, pages.Page{Name: pages.Error, Base: v.Base, Data: data})
}
