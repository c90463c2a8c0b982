package authportal

import (
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// columnRoutes are the acts of administrators on the columns of their own: by the API, and by forms.
func (p *Portal) columnRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/api/v1/admin/columns", do: (*call).columnsAPI},
		{method: http.MethodPost, path: "/api/v1/admin/columns", do: (*call).columnAddAPI},
		{method: http.MethodPatch, path: "/api/v1/admin/columns/{id}", do: (*call).columnChangeAPI},
		{method: http.MethodDelete, path: "/api/v1/admin/columns/{id}", do: (*call).columnRemoveAPI},
		{method: http.MethodGet, path: "/admin/columns", do: (*call).columnsPage},
		{method: http.MethodPost, path: "/admin/columns", do: (*call).columnAddForm},
		{method: http.MethodPost, path: "/admin/columns/{id}", do: (*call).columnChangeForm},
		{method: http.MethodPost, path: "/admin/columns/{id}/remove", do: (*call).columnRemoveForm},
	}
}

// assuranceOf is what a change of a column needs: another key takes the attribute away from the rules and headers that name it.
func assuranceOf(ch *ColumnChange, key string) assurance {
	if ch.Key != nil && *ch.Key != key {
		return recentLogin
	}
	return anySession
}

func columnJSON(col *Column) map[string]any {
	choices := col.Choices
	if choices == nil {
		choices = []string{}
	}
	label := col.Label
	if label == "" {
		label = col.Key
	}
	return map[string]any{"key": col.Key, "label": label, "type": col.Type, "choices": choices, "listed": col.Listed, "configured": col.Configured}
}

// columnsAPI answers GET admin/columns.
func (c *call) columnsAPI() error {
	if _, err := c.mustAdminister(anySession); err != nil {
		return err
	}
	columns, err := c.p.accounts.Columns(c.ctx())
	if err != nil {
		return err
	}
	out := make([]map[string]any, 0, len(columns))
	for i := range columns {
		out = append(out, columnJSON(&columns[i]))
	}
	return c.json(http.StatusOK, map[string]any{"columns": out})
}

// columnAddAPI answers POST admin/columns.
func (c *call) columnAddAPI() error {
	by, err := c.mustAdminister(anySession)
	if err != nil {
		return err
	}
	col := Column{Listed: true}
	if _, err := c.jsonInto(map[string]any{"key": &col.Key, "label": &col.Label, "type": &col.Type, "choices": &col.Choices, "listed": &col.Listed}); err != nil {
		return err
	}
	if col, err = c.p.accounts.AddColumn(c.ctx(), by, col); err != nil {
		return err
	}
	return c.json(http.StatusCreated, columnJSON(&col))
}

// columnChangeAPI answers PATCH admin/columns/{key}.
func (c *call) columnChangeAPI() error {
	if _, err := c.mustAdminister(anySession); err != nil { // before anything is told of what was sent
		return err
	}
	var ch ColumnChange
	if _, err := c.jsonInto(map[string]any{"key": &ch.Key, "label": &ch.Label, "choices": &ch.Choices, "listed": &ch.Listed, "position": &ch.Position}); err != nil {
		return err
	}
	by, err := c.mustAdminister(assuranceOf(&ch, c.arg))
	if err != nil {
		return err
	}
	col, err := c.p.accounts.ChangeColumn(c.ctx(), by, c.arg, ch)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, columnJSON(&col))
}

// columnRemoveAPI answers DELETE admin/columns/{key}?values=keep.
func (c *call) columnRemoveAPI() error {
	by, err := c.mustAdminister(recentLogin)
	if err != nil {
		return err
	}
	keep := false
	switch c.r.URL.Query().Get("values") {
	case "keep":
		keep = true
	case "", "remove":
	default:
		return problem.InvalidField("values", "must be keep or remove")
	}
	if err := c.p.accounts.RemoveColumn(c.ctx(), by, c.arg, keep); err != nil {
		return err
	}
	return c.noContent()
}
