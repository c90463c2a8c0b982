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

// Call is one request at one site, as actions get it.
type Call struct {
	srv     *Server
	Writer  http.ResponseWriter
	Request *http.Request // its context has the deadline of the whole call
	Visit   *Visit
	API     bool   // a request to the JSON API
	Arg     string // the value of {id} in the route's path

	Caller *Caller // who sends the request; nil until looked up

	Kept any // sign-ins in progress of this browser, once this call has changed them
}

// Ctx returns the context of the request.
func (c *Call) Ctx() context.Context { return c.Request.Context() }

// Decode reads the JSON body into dst.
func (c *Call) Decode(dst any) error { return decodeJSON(c.Writer, c.Request, dst) }

// JSON responds with a value.
func (c *Call) JSON(status int, v any) error {
	writeJSON(c.Writer, status, v)
	return nil
}

// NoContent responds with 204.
func (c *Call) NoContent() error {
	c.Writer.WriteHeader(http.StatusNoContent)
	return nil
}

// MaxForm is the maximum size of a posted form, in bytes.
const MaxForm = 64 << 10

// Form parses a posted form. Read its fields with c.Request.PostForm.Get, never with FormValue, which also reads the
// URL.
func (c *Call) Form() error {
	t, _, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if err != nil || t != "application/x-www-form-urlencoded" {
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

// Page responds with a page of this site.
func (c *Call) Page(status int, p pages.Page) error {
	p.Base = c.Visit.Base
	p.SecretInURL = c.srv.SecretInURL(c.Visit.Path)
	c.srv.pages.Write(c.Writer, c.Request, status, p)
	return nil
}

// Redirect sends the browser to another address: with 303 after a POST, so that the browser does not post again.
func (c *Call) Redirect(to string) error {
	status := http.StatusFound
	if c.Request.Method == http.MethodPost {
		status = http.StatusSeeOther
	}
	c.Writer.Header().Set("Location", to)
	c.Writer.WriteHeader(status)
	return nil
}

// Link returns the address of a page of this site, such as "/account".
func (c *Call) Link(path string) string { return c.Visit.Base + path }

// answer responds to a failed action with a page or a problem document. Internal failures are logged here, once.
func (c *Call) answer(err error) {
	if problem.IsFault(err) {
		level := slog.LevelError
		if c.Request.Context().Err() == context.Canceled {
			level = slog.LevelDebug // the browser has gone
		}
		c.srv.log.LogAttrs(context.WithoutCancel(c.Ctx()), level, "request failed",
			slog.String("path", problem.Bounded(c.Visit.Path, 200)),
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
		if !c.isRead() {
			back = c.Link("/account") // the posted form is lost; its page is there
		}
		if p.Code == problem.FreshRequired.Code {
			d.Fresh = FreshFor
		}
		_ = c.Redirect(c.srv.signIn.LoginURL(c.Visit, back, d))
		return
	}
	SetRetry(c.Writer, p)
	retry := ""
	if p.Status == http.StatusServiceUnavailable && c.isRead() {
		retry = c.Link(c.Visit.Path)
	}
	data := pages.ErrorData{Status: p.Status, Code: p.Code, Detail: p.Detail, RetryURL: retry}
	_ = c.Page(p.Status, pages.Page{Name: pages.Error, Data: data})
}

// isRead reports whether the request is a GET or HEAD.
func (c *Call) isRead() bool {
	return c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
}

// FromBrowser reports whether a browser sent the request. A browser that is offered Basic opens a login prompt of its
// own.
func FromBrowser(r *http.Request) bool {
	for name := range r.Header {
		if strings.HasPrefix(name, "Sec-Fetch-") {
			return true
		}
	}
	return false
}
