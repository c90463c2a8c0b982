package admin

import (
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// columnRoutes returns the pages and the API of the operator's columns.
func (s *columns) columnRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/api/v1/admin/columns", Do: s.columnsAPI},
		{Method: http.MethodPost, Path: "/api/v1/admin/columns", Do: s.columnAddAPI},
		{Method: http.MethodPatch, Path: "/api/v1/admin/columns/{id}", Do: s.columnChangeAPI},
		{Method: http.MethodDelete, Path: "/api/v1/admin/columns/{id}", Do: s.columnRemoveAPI},
		{Method: http.MethodGet, Path: "/admin/columns", Do: s.columnsPage},
		{Method: http.MethodPost, Path: "/admin/columns", Do: s.columnAddForm},
		{Method: http.MethodPost, Path: "/admin/columns/{id}", Do: s.columnChangeForm},
		{Method: http.MethodPost, Path: "/admin/columns/{id}/remove", Do: s.columnRemoveForm},
	}
}

// assuranceOf returns the assurance that a change of a column requires: a new key takes the attribute away from rules
// and headers that name it.
func assuranceOf(ch *accounts.ColumnChange, key string) accounts.Assurance {
	if ch.Key != nil && *ch.Key != key {
		return accounts.RecentLogin
	}
	return accounts.AnySession
}

func columnJSON(col *accounts.Column) map[string]any {
	choices := col.Choices
	if choices == nil {
		choices = []string{}
	}
	label := col.Label
	if label == "" {
		label = col.Key
	}
	return map[string]any{"key": col.Key, "label": label, "type": col.Type, "choices": choices, "listed": col.Listed,
		"configured": col.Configured}
}

// columnsAPI answers GET admin/columns.
func (s *columns) columnsAPI(c *web.Call) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	columns, err := s.accounts.Columns(c.Ctx())
	if err != nil {
		return err
	}
	out := make([]map[string]any, 0, len(columns))
	for i := range columns {
		out = append(out, columnJSON(&columns[i]))
	}
	return c.JSON(http.StatusOK, map[string]any{"columns": out})
}

// columnAddAPI answers POST admin/columns.
func (s *columns) columnAddAPI(c *web.Call) error {
	by, err := s.entry.mustAdminister(c, accounts.AnySession)
	if err != nil {
		return err
	}
	col := accounts.Column{Listed: true}
	if _, err := c.JSONInto(map[string]any{"key": &col.Key, "label": &col.Label, "type": &col.Type,
		"choices": &col.Choices, "listed": &col.Listed}); err != nil {
		return err
	}
	if col, err = s.accounts.AddColumn(c.Ctx(), by, col); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, columnJSON(&col))
}

// columnChangeAPI answers PATCH admin/columns/{key}.
func (s *columns) columnChangeAPI(c *web.Call) error {
	// before an answer reveals how the body was read
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	var ch accounts.ColumnChange
	if _, err := c.JSONInto(map[string]any{"key": &ch.Key, "label": &ch.Label, "choices": &ch.Choices,
		"listed": &ch.Listed, "position": &ch.Position}); err != nil {
		return err
	}
	by, err := s.entry.mustAdminister(c, assuranceOf(&ch, c.Arg))
	if err != nil {
		return err
	}
	col, err := s.accounts.ChangeColumn(c.Ctx(), by, c.Arg, ch)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, columnJSON(&col))
}

// columnRemoveAPI answers DELETE admin/columns/{key}?values=keep.
func (s *columns) columnRemoveAPI(c *web.Call) error {
	by, err := s.entry.mustAdminister(c, accounts.RecentLogin)
	if err != nil {
		return err
	}
	keep := false
	switch c.Request.URL.Query().Get("values") {
	case "keep":
		keep = true
	case "", "remove":
	default:
		return problem.InvalidField("values", "must be keep or remove")
	}
	if err := s.accounts.RemoveColumn(c.Ctx(), by, c.Arg, keep); err != nil {
		return err
	}
	return c.NoContent()
}
