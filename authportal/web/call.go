package web

import (
	"context"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// Call is one request at one site, as the actions see it.
type Call struct {
	srv     *Server
	Writer  http.ResponseWriter
	Request *http.Request // its context carries the time limit of the whole call
	Visit   *Visit
	API     bool   // came by the JSON face
	Arg     string // what stands for {id} in the route

	Caller *Caller // whoever asks, once looked up

	Kept any // of the sign-ins in progress: those of this browser, once this call has changed them
}

func (c *Call) Ctx() context.Context { return c.Request.Context() }

// --- the JSON face

// Decode reads the JSON body into dst.
func (c *Call) Decode(dst any) error { return decodeJSON(c.Writer, c.Request, dst) }

// JSON answers with a value.
func (c *Call) JSON(status int, v any) error {
	writeJSON(c.Writer, status, v)
	return nil
}

// NoContent answers 204.
func (c *Call) NoContent() error {
	c.Writer.WriteHeader(http.StatusNoContent)
	return nil
}

// --- the face of pages

const MaxForm = 64 << 10

// Form reads a posted form. Fields are then read by c.r.PostForm.Get, never by FormValue, which would take them from
// the URL as well.
func (c *Call) Form() error {
	if t, _, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		p := *problem.Malformed
		p.Status = http.StatusUnsupportedMediaType
		return &p
	}
	if c.Request.ContentLength > MaxForm {
		return problem.TooLarge
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, MaxForm)
	if err := c.Request.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return problem.TooLarge
		}
		return problem.Malformed
	}
	return nil
}

// Page answers with a page of this site.
func (c *Call) Page(status int, p pages.Page) error {
	p.Base = c.Visit.Base
	p.SecretInURL = c.srv.SecretInURL(c.Visit.Path)
	c.srv.pages.Write(c.Writer, c.Request, status, p)
	return nil
}

// Redirect leads the browser on; after a POST by 303, so that nothing is sent twice.
func (c *Call) Redirect(to string) error {
	status := http.StatusFound
	if c.Request.Method == http.MethodPost {
		status = http.StatusSeeOther
	}
	c.Writer.Header().Set("Location", to)
	c.Writer.WriteHeader(status)
	return nil
}

// Link returns the address of a page of this site: "/account".
func (c *Call) Link(path string) string { return c.Visit.Base + path }

// --- both faces

// answer tells an outcome in the face of the call. Faults of ours are logged here, once.
func (c *Call) answer(err error) {
	if problem.IsFault(err) {
		level := slog.LevelError
		if c.Request.Context().Err() == context.Canceled {
			level = slog.LevelDebug // the browser has gone
		}
		c.srv.log.LogAttrs(context.WithoutCancel(c.Ctx()), level, "request failed", slog.String("path", problem.Bounded(c.Visit.Path, 200)),
			slog.String("host", c.Visit.Host), slog.Any("error", err))
	}
	p := problem.Of(err)
	if c.API {
		if p.Code == problem.LoginRequired.Code {
			p = p.With("login_url", c.Link("/login"))
		}
		p.Headers(c.Writer.Header())
		if p.Status == http.StatusUnauthorized && c.Visit.Site.Basic && !FromBrowser(c.Request) {
			c.Writer.Header().Add("WWW-Authenticate", `Basic realm="gatehouse"`)
		}
		p.Write(c.Writer)
		return
	}
	if p.Code == problem.LoginRequired.Code || p.Code == problem.FreshRequired.Code {
		back, d := c.Link(c.Visit.Path), Demand{}
		if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
			back = c.Link("/account") // what was posted is gone; the page it came from is there
		}
		if p.Code == problem.FreshRequired.Code {
			d.Fresh = FreshFor
		}
		_ = c.Redirect(c.srv.signIn.LoginURL(c.Visit, back, d))
		return
	}
	SetRetry(c.Writer, p)
	retry := ""
	if p.Status == http.StatusServiceUnavailable && (c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead) {
		retry = c.Link(c.Visit.Path)
	}
	_ = c.Page(p.Status, pages.Page{Name: pages.Error, Data: pages.ErrorData{Status: p.Status, Code: p.Code, Detail: p.Detail, RetryURL: retry}})
}

// FromBrowser reports whether a browser sent a request: offered Basic, it would open a prompt of its own over the page.
func FromBrowser(r *http.Request) bool {
	for name := range r.Header {
		if strings.HasPrefix(name, "Sec-Fetch-") {
			return true
		}
	}
	return false
}
