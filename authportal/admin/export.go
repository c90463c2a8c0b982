package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	exportTime = 10 * time.Minute

	// ExportPage is the number of accounts in memory at once.
	ExportPage = 500
)

// exportUsersAPI answers GET admin/users/export. The file never contains a password, a hash or a token.
func (s *files) exportUsersAPI(c *web.Call) error { return s.exportUsers(c) }

// exportUsersPage is exportUsersAPI for the buttons of the list. Without a recent login it redirects to the login page,
// which leads back to the file.
func (s *files) exportUsersPage(c *web.Call) error {
	err := s.exportUsers(c)
	if p, ok := errors.AsType[*problem.Problem](err); ok && p.Code == problem.FreshRequired.Code {
		return c.Redirect(s.signin.LoginURL(c.Visit, c.Link("/admin/export?"+c.Request.URL.RawQuery),
			web.Demand{Fresh: web.FreshFor}))
	}
	return err
}

// exportLinks returns the addresses that export the list that the call shows.
func (s *people) exportLinks(c *web.Call) (csv, json string) {
	ask := c.Request.URL.Query()
	for _, name := range []string{"after", "limit", "done"} {
		ask.Del(name)
	}
	to := func(f userfile.Format) string {
		q := url.Values{}
		maps.Copy(q, ask)
		q.Set("format", string(f))
		return c.Link("/admin/export?" + q.Encode())
	}
	return to(userfile.CSV), to(userfile.JSON)
}

func (s *files) exportUsers(c *web.Call) error {
	by, err := s.entry.mustAdminister(c, accounts.RecentLogin)
	if err != nil {
		return err
	}
	q, err := s.people.userQuery(c)
	if err != nil {
		return err
	}
	q.After, q.Limit = "", ExportPage
	format := userfile.CSV
	switch f := userfile.Format(c.Request.URL.Query().Get("format")); f {
	case "", userfile.CSV:
	case userfile.JSON:
		format = f
	default:
		return problem.InvalidField("format", "must be csv or json")
	}
	// CSV has the names of all columns in its first line, so it needs two passes.
	var attributes []string
	if format == userfile.CSV {
		if attributes, err = s.attributesOf(c, q); err != nil {
			return err
		}
	}
	s.exportHeaders(c, format)
	if c.Request.Method == http.MethodHead {
		return nil
	}
	out := bufio.NewWriter(c.Writer)
	file := userfile.NewWriter(out, format, attributes)
	n := 0
	err = s.eachPage(c, q, func(page []store.User) error {
		for i := range page {
			a := userfile.Of(&page[i])
			if err := file.Write(&a); err != nil {
				return err
			}
		}
		n += len(page)
		_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(uploadTime))
		return nil
	})
	if err == nil {
		err = errors.Join(file.Close(), out.Flush())
	}
	e := audit.Event{Kind: audit.EventUsersExported, Result: audit.ResultOK,
		Reason: fmt.Sprintf("%d accounts as %s", n, format)}
	if err != nil {
		e.Result = audit.ResultFailed
	}
	s.accounts.Emit(c.Ctx(), by, e)
	if err != nil {
		s.log.LogAttrs(context.WithoutCancel(c.Ctx()), slog.LevelWarn, "export stopped", slog.Int("accounts", n),
			slog.Any("error", err))
		// The status was sent as 200. A table that ends early looks complete; only an aborted connection shows that it
		// is not.
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (s *files) exportHeaders(c *web.Call, f userfile.Format) {
	kind := "text/csv; charset=utf-8"
	if f == userfile.JSON {
		kind = "application/json"
	}
	c.Writer.Header().Set("Content-Type", kind)
	c.Writer.Header().Set("Content-Disposition", `attachment; filename="users.`+string(f)+`"`)
}

// eachPage calls do with the accounts that q selects, page by page.
func (s *files) eachPage(c *web.Call, q store.UserQuery, do func([]store.User) error) error {
	looked := s.now()
	for {
		ctx, cancel := context.WithTimeout(c.Ctx(), web.TimeLimit)
		page, err := s.accounts.List(ctx, q)
		cancel()
		if err == nil {
			err = s.recheckAdministrator(c, &looked)
		}
		if err == nil {
			err = do(page)
		}
		if err != nil || len(page) < q.Limit {
			return err
		}
		q.After = q.Next(page[len(page)-1])
	}
}

// attributesOf returns the names of all attributes of the accounts that q selects.
func (s *files) attributesOf(c *web.Call, q store.UserQuery) ([]string, error) {
	names := map[string]bool{}
	err := s.eachPage(c, q, func(page []store.User) error {
		for i := range page {
			for name := range page[i].Attributes {
				names[name] = true
			}
		}
		return nil
	})
	return slices.Sorted(maps.Keys(names)), err
}
