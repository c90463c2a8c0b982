package authportal

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

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	exportTime = 10 * time.Minute
	exportPage = 500 // accounts that are in memory at once
)

// exportUsersAPI answers GET admin/users/export. Like the command line's, a file never holds a password, a hash or a token.
func (c *call) exportUsersAPI() error { return c.exportUsers() }

// exportUsersPage is the same for the buttons of the list. A sign-in that is not fresh leads to signing in and back to the
// file.
func (c *call) exportUsersPage() error {
	err := c.exportUsers()
	if p, ok := errors.AsType[*problem.Problem](err); ok && p.Code == problem.FreshRequired.Code {
		return c.redirect(c.p.LoginURL(c.v, c.link("/admin/export?"+c.r.URL.RawQuery), Demand{Fresh: freshFor}))
	}
	return err
}

// exportLinks returns where the list that the call shows is exported.
func (c *call) exportLinks() (csv, json string) {
	ask := c.r.URL.Query()
	for _, name := range []string{"after", "limit", "done"} {
		ask.Del(name)
	}
	to := func(f userfile.Format) string {
		q := url.Values{}
		maps.Copy(q, ask)
		q.Set("format", string(f))
		return c.link("/admin/export?" + q.Encode())
	}
	return to(userfile.CSV), to(userfile.JSON)
}

func (c *call) exportUsers() error {
	by, err := c.mustAdminister(recentLogin)
	if err != nil {
		return err
	}
	q, err := c.userQuery()
	if err != nil {
		return err
	}
	q.After, q.Limit = "", exportPage
	format := userfile.CSV
	switch f := userfile.Format(c.r.URL.Query().Get("format")); f {
	case "", userfile.CSV:
	case userfile.JSON:
		format = f
	default:
		return problem.InvalidField("format", "must be csv or json")
	}
	// The names of the columns stand above all rows, so that a table takes the list twice.
	var attributes []string
	if format == userfile.CSV {
		if attributes, err = c.attributesOf(q); err != nil {
			return err
		}
	}
	c.exportHeaders(format)
	if c.r.Method == http.MethodHead {
		return nil
	}
	out := bufio.NewWriter(c.w)
	file := userfile.NewWriter(out, format, attributes)
	n := 0
	err = c.everyUser(q, func(page []store.User) error {
		for i := range page {
			a := userfile.Of(&page[i])
			if err := file.Write(&a); err != nil {
				return err
			}
		}
		n += len(page)
		_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(uploadTime))
		return nil
	})
	if err == nil {
		err = errors.Join(file.Close(), out.Flush())
	}
	e := Event{Kind: EventUsersExported, Result: ResultOK, Reason: fmt.Sprintf("%d accounts as %s", n, format)}
	if err != nil {
		e.Result = ResultFailed
	}
	c.p.accounts.emit(c.ctx(), by, e)
	if err != nil {
		c.p.log.LogAttrs(context.WithoutCancel(c.ctx()), slog.LevelWarn, "an export stopped", slog.Int("accounts", n), slog.Any("error", err))
		// The answer has begun as a good one. A table that ends early looks whole: only a broken connection says that it is not.
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (c *call) exportHeaders(f userfile.Format) {
	kind := "text/csv; charset=utf-8"
	if f == userfile.JSON {
		kind = "application/json"
	}
	c.w.Header().Set("Content-Type", kind)
	c.w.Header().Set("Content-Disposition", `attachment; filename="users.`+string(f)+`"`)
}

// everyUser hands on the accounts that q selects, page by page.
func (c *call) everyUser(q store.UserQuery, do func([]store.User) error) error {
	looked := c.p.now()
	for {
		ctx, cancel := context.WithTimeout(c.ctx(), timeLimit)
		page, err := c.p.accounts.List(ctx, q)
		cancel()
		if err == nil {
			err = c.stillAdministrator(&looked)
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

// attributesOf returns the names of all attributes that the accounts have.
func (c *call) attributesOf(q store.UserQuery) ([]string, error) {
	names := map[string]bool{}
	err := c.everyUser(q, func(page []store.User) error {
		for i := range page {
			for name := range page[i].Attributes {
				names[name] = true
			}
		}
		return nil
	})
	return slices.Sorted(maps.Keys(names)), err
}
