package admin

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// columnsPage shows the operator's columns, with the forms to change them.
func (s *columns) columnsPage(c *web.Call) error {
	var notice *pages.Message
	switch c.Request.URL.Query().Get("done") {
	case "saved":
		notice = &pages.Message{ID: "done_saved"}
	case "removed":
		notice = &pages.Message{ID: "done_column_removed"}
	}
	return s.showColumns(c, http.StatusOK, pages.Page{Notice: notice}, "")
}

// showColumns shows the page, with the form of the column open unfolded.
func (s *columns) showColumns(c *web.Call, status int, p pages.Page, open string) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	columns, err := s.accounts.Columns(c.Ctx())
	if err != nil {
		return err
	}
	p.Name, p.Data = pages.Columns, pages.ColumnsData{Columns: columnsOfPage(columns), Open: open}
	return c.Page(status, p)
}

func columnsOfPage(columns []accounts.Column) (out []pages.AdminColumn) {
	position := 0
	for i := range columns {
		col := &columns[i]
		if !col.Configured {
			position++
		}
		out = append(out, pages.AdminColumn{Key: col.Key, Label: col.Label, Type: string(col.Type),
			Choices: col.Choices, Listed: col.Listed, Configured: col.Configured, Position: position})
	}
	return out
}

// cellsOf returns the values of an account in the columns.
func cellsOf(u *store.User, columns []pages.AdminColumn) (out []pages.AdminCell) {
	for _, col := range columns {
		out = append(out, pages.AdminCell{Column: col, Value: store.AttributeText(u.Attributes[col.Key], ", ")})
	}
	return out
}

// columnFailed shows the page again with the error in the form of that column; empty: in the form of a new one.
func (s *columns) columnFailed(c *web.Call, err error, form string, typed map[string]string) error {
	return s.people.formFailed(c, err, "/admin/columns", typed, func(status int, p pages.Page) error {
		if p.Problem.ID == "problem_column_taken" {
			p.FieldProblems = map[string]*pages.Message{"key": p.Problem}
		}
		if form != "" {
			p.Values, p.FieldProblems = prefixed(p.Values, form), prefixed(p.FieldProblems, form)
		}
		return s.showColumns(c, status, p, form)
	})
}

// prefixed names the fields of one of several forms on a page, see pages.View.Input.
func prefixed[T any](in map[string]T, form string) map[string]T {
	out := make(map[string]T, len(in))
	for name, v := range in {
		out[form+"_"+name] = v
	}
	return out
}

// columnAddForm adds a column.
func (s *columns) columnAddForm(c *web.Call) error {
	f, err := c.FormFields("key", "label", "type", "choices", "listed")
	if err != nil {
		return err
	}
	by, err := s.entry.mustAdminister(c, accounts.AnySession)
	if err == nil {
		_, err = s.accounts.AddColumn(c.Ctx(), by,
			accounts.Column{Key: f["key"], Label: f["label"], Type: accounts.ColumnType(f["type"]),
				Choices: strings.Split(f["choices"], ","), Listed: f["listed"] == "1"})
	}
	if err != nil {
		return s.columnFailed(c, err, "", f)
	}
	return c.Redirect(c.Link("/admin/columns?done=saved"))
}

// columnChangeForm changes a column. A browser does not send an unticked box.
func (s *columns) columnChangeForm(c *web.Call) error {
	f, err := c.FormFields("key", "label", "choices", "listed", "position")
	if err != nil {
		return err
	}
	if err := s.changeColumnByForm(c, f); err != nil {
		return s.columnFailed(c, err, c.Arg, f)
	}
	return c.Redirect(c.Link("/admin/columns?done=saved"))
}

func (s *columns) changeColumnByForm(c *web.Call, f map[string]string) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	ch := accounts.ColumnChange{Listed: new(f["listed"] == "1")}
	if label, given := f["label"]; given {
		ch.Label = &label
	}
	if key, given := f["key"]; given {
		ch.Key = &key
	}
	if choices, given := f["choices"]; given {
		ch.Choices = new(strings.Split(choices, ","))
	}
	if text, given := f["position"]; given {
		position, err := strconv.Atoi(text)
		if err != nil {
			return problem.InvalidField("position", "must be a number")
		}
		ch.Position = &position
	}
	by, err := s.entry.mustAdminister(c, assuranceOf(&ch, c.Arg))
	if err != nil {
		return err
	}
	_, err = s.accounts.ChangeColumn(c.Ctx(), by, c.Arg, ch)
	return err
}

// columnRemoveForm removes a column.
func (s *columns) columnRemoveForm(c *web.Call) error {
	f, err := c.FormFields("keep", "sure")
	if err != nil {
		return err
	}
	by, err := s.entry.mustAdminister(c, accounts.RecentLogin)
	if err == nil && f["sure"] != "1" {
		err = problem.InvalidField("sure", "is not ticked")
	}
	if err == nil {
		err = s.accounts.RemoveColumn(c.Ctx(), by, c.Arg, f["keep"] == "1")
	}
	if err != nil {
		return s.columnFailed(c, err, c.Arg, f)
	}
	if f["keep"] == "1" {
		return c.Redirect(c.Link("/admin/columns?done=saved"))
	}
	return c.Redirect(c.Link("/admin/columns?done=removed"))
}
