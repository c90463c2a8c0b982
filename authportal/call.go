package authportal

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

// call is one request at one site, as the actions see it.
type call struct {
	p   *Portal
	w   http.ResponseWriter
	r   *http.Request // its context carries the time limit of the whole call
	v   *Visit
	api bool   // came by the JSON face
	arg string // what stands for {id} in the route

	me *caller // whoever asks, once looked up

	kept any // of the sign-ins in progress: those of this browser, once this call has changed them
}

func (c *call) ctx() context.Context { return c.r.Context() }

// --- the JSON face

// decode reads the JSON body into dst.
func (c *call) decode(dst any) error { return decodeJSON(c.w, c.r, dst) }

// json answers with a value.
func (c *call) json(status int, v any) error {
	writeJSON(c.w, status, v)
	return nil
}

// noContent answers 204.
func (c *call) noContent() error {
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// --- the face of pages

const maxForm = 64 << 10

// form reads a posted form. Fields are then read by c.r.PostForm.Get, never by FormValue, which would take them from
// the URL as well.
func (c *call) form() error {
	if t, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		p := *problem.Malformed
		p.Status = http.StatusUnsupportedMediaType
		return &p
	}
	if c.r.ContentLength > maxForm {
		return problem.TooLarge
	}
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, maxForm)
	if err := c.r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return problem.TooLarge
		}
		return problem.Malformed
	}
	return nil
}

// page answers with a page of this site.
func (c *call) page(status int, p pages.Page) error {
	p.Base = c.v.Base
	p.SecretInURL = c.p.SecretInURL(c.v.Path)
	c.p.pages.Write(c.w, c.r, status, p)
	return nil
}

// redirect leads the browser on; after a POST by 303, so that nothing is sent twice.
func (c *call) redirect(to string) error {
	status := http.StatusFound
	if c.r.Method == http.MethodPost {
		status = http.StatusSeeOther
	}
	c.w.Header().Set("Location", to)
	c.w.WriteHeader(status)
	return nil
}

// link returns the address of a page of this site: "/account".
func (c *call) link(path string) string { return c.v.Base + path }

// --- both faces

// answer tells an outcome in the face of the call. Faults of ours are logged here, once.
func (c *call) answer(err error) {
	if weFailed(err) {
		level := slog.LevelError
		if c.r.Context().Err() == context.Canceled {
			level = slog.LevelDebug // the browser has gone
		}
		c.p.log.LogAttrs(context.WithoutCancel(c.ctx()), level, "request failed", slog.String("path", bounded(c.v.Path, 200)),
			slog.String("host", c.v.Host), slog.Any("error", err))
	}
	p := problemOf(err)
	if c.api {
		if p.Code == problem.LoginRequired.Code {
			p = p.With("login_url", c.link("/login"))
		}
		p.Headers(c.w.Header())
		if p.Status == http.StatusUnauthorized && c.v.Site.Basic && !FromBrowser(c.r) {
			c.w.Header().Add("WWW-Authenticate", `Basic realm="gatehouse"`)
		}
		p.Write(c.w)
		return
	}
	if p.Code == problem.LoginRequired.Code || p.Code == problem.FreshRequired.Code {
		back, d := c.link(c.v.Path), Demand{}
		if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
			back = c.link("/account") // what was posted is gone; the page it came from is there
		}
		if p.Code == problem.FreshRequired.Code {
			d.Fresh = freshFor
		}
		_ = c.redirect(c.p.LoginURL(c.v, back, d))
		return
	}
	setRetry(c.w, p)
	retry := ""
	if p.Status == http.StatusServiceUnavailable && (c.r.Method == http.MethodGet || c.r.Method == http.MethodHead) {
		retry = c.link(c.v.Path)
	}
	_ = c.page(p.Status, pages.Page{Name: pages.Error, Data: pages.ErrorData{Status: p.Status, Code: p.Code, Detail: p.Detail, RetryURL: retry}})
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
