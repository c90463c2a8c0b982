package web

import (
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// The pages that a gate shows to a person who is not let in. Programs get problem documents instead.

// shownPath is how much of an address a page repeats.
const shownPath = 200

// WriteForbidden tells somebody who is signed in that they may not enter here (403). who is nil where nobody may,
// whoever they are.
func (s *Server) WriteForbidden(w http.ResponseWriter, r *http.Request, v *Visit, who *store.Identity) {
	data := pages.ForbiddenData{Path: r.URL.Path}
	if len(data.Path) > shownPath {
		data.Path = data.Path[:shownPath]
	}
	if who != nil {
		data.User = &pages.User{ID: who.UserID, Username: who.Username, Email: who.Email, Name: who.Name}
		data.LogoutURL = v.Base + "/logout"
		data.Reason = "role"
	}
	s.pages.Write(w, r, http.StatusForbidden, pages.Page{Name: pages.Forbidden, Base: v.Base, Data: data})
}

// WriteUnavailable tells a person that a store cannot be reached, and that they stay signed in (503).
func (s *Server) WriteUnavailable(w http.ResponseWriter, r *http.Request, v *Visit) {
	w.Header().Set("Retry-After", "1")
	data := pages.ErrorData{Status: http.StatusServiceUnavailable, Code: problem.CodeUnavailable, Detail: problem.Unavailable.Detail}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		data.RetryURL = r.RequestURI
	}
	s.pages.Write(w, r, data.Status, pages.Page{Name: pages.Error, Base: v.Base, Data: data})
}
