package authportal

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// columnsPage lists the operator's columns, with the forms to change them.
func (c *call) columnsPage() error {
	var notice *pages.Message
	switch c.r.URL.Query().Get("done") {
	case "saved":
		notice = &pages.Message{ID: "done_saved"}
	case "removed":
		notice = &pages.Message{ID: "done_column_removed"}
	}
	return c.showColumns(http.StatusOK, pages.Page{Notice: notice}, "")
}

// showColumns shows the page, the forms of the column open at once.
func (c *call) showColumns(status int, p pages.Page, open string) error {
	if _, err := c.mustAdminister(anySession); err != nil {
		return err
	}
	columns, err := c.p.accounts.Columns(c.ctx())
	if err != nil {
		return err
	}
	p.Name, p.Data = pages.Columns, pages.ColumnsData{Columns: columnsOfPage(columns), Open: open}
	return c.page(status, p)
}

func columnsOfPage(columns []Column) (out []pages.AdminColumn) {
	position := 0
	for i := range columns {
		col := &columns[i]
		if !col.Configured {
			position++
		}
		out = append(out, pages.AdminColumn{Key: col.Key, Label: col.Label, Type: string(col.Type), Choices: col.Choices, Listed: col.Listed,
			Configured: col.Configured, Position: position})
	}
	return out
}

// cellsOf returns what the account has in the columns.
func cellsOf(u *store.User, columns []pages.AdminColumn) (out []pages.AdminCell) {
	for _, col := range columns {
		out = append(out, pages.AdminCell{Column: col, Value: store.AttributeText(u.Attributes[col.Key], ", ")})
	}
	return out
}

// columnFailed shows the page again with what went wrong in the form of that column; of the new one, where it is empty.
func (c *call) columnFailed(err error, form string, typed map[string]string) error {
	return c.adminFailed(err, "/admin/columns", typed, func(status int, p pages.Page) error {
		if p.Problem.ID == "problem_column_taken" {
			p.FieldProblems = map[string]*pages.Message{"key": p.Problem}
		}
		if form != "" {
			p.Values, p.FieldProblems = prefixed(p.Values, form), prefixed(p.FieldProblems, form)
		}
		return c.showColumns(status, p, form)
	})
}

// prefixed names what belongs to one of several forms of a page, see pages.View.Input.
func prefixed[T any](in map[string]T, form string) map[string]T {
	out := make(map[string]T, len(in))
	for name, v := range in {
		out[form+"_"+name] = v
	}
	return out
}

// columnAddForm is the form's face of adding a column.
func (c *call) columnAddForm() error {
	f, err := c.formFields("key", "label", "type", "choices", "listed")
	if err != nil {
		return err
	}
	by, err := c.mustAdminister(anySession)
	if err == nil {
		_, err = c.p.accounts.AddColumn(c.ctx(), by, Column{Key: f["key"], Label: f["label"], Type: ColumnType(f["type"]),
			Choices: strings.Split(f["choices"], ","), Listed: f["listed"] == "1"})
	}
	if err != nil {
		return c.columnFailed(err, "", f)
	}
	return c.redirect(c.link("/admin/columns?done=saved"))
}

// columnChangeForm is the form's face of changing one. A box that is not ticked is not sent.
func (c *call) columnChangeForm() error {
	f, err := c.formFields("key", "label", "choices", "listed", "position")
	if err != nil {
		return err
	}
	if err := c.changeColumnByForm(f); err != nil {
		return c.columnFailed(err, c.arg, f)
	}
	return c.redirect(c.link("/admin/columns?done=saved"))
}

func (c *call) changeColumnByForm(f map[string]string) error {
	if _, err := c.mustAdminister(anySession); err != nil {
		return err
	}
	ch := ColumnChange{Listed: new(f["listed"] == "1")}
	if label, given := f["label"]; given {
		ch.Label = &label
	}
	if key, given := f["key"]; given {
		ch.Key = &key
	}
	if choices, given := f["choices"]; given {
		ch.Choices = new(strings.Split(choices, ","))
	}
	if s, given := f["position"]; given {
		position, err := strconv.Atoi(s)
		if err != nil {
			return problem.InvalidField("position", "must be a number")
		}
		ch.Position = &position
	}
	by, err := c.mustAdminister(assuranceOf(&ch, c.arg))
	if err != nil {
		return err
	}
	_, err = c.p.accounts.ChangeColumn(c.ctx(), by, c.arg, ch)
	return err
}

// columnRemoveForm is the form's face of removing one.
func (c *call) columnRemoveForm() error {
	f, err := c.formFields("keep", "sure")
	if err != nil {
		return err
	}
	by, err := c.mustAdminister(recentLogin)
	if err == nil && f["sure"] != "1" {
		err = problem.InvalidField("sure", "is not ticked")
	}
	if err == nil {
		err = c.p.accounts.RemoveColumn(c.ctx(), by, c.arg, f["keep"] == "1")
	}
	if err != nil {
		return c.columnFailed(err, c.arg, f)
	}
	if f["keep"] == "1" {
		return c.redirect(c.link("/admin/columns?done=saved"))
	}
	return c.redirect(c.link("/admin/columns?done=removed"))
}
