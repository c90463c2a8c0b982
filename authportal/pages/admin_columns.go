package pages

import (
	"slices"
	"strings"
	"time"
)

// ColumnsData fills Columns: the operator's own columns of the table of accounts.
type ColumnsData struct {
	Columns []AdminColumn
	Open    string // key of the column whose forms are shown at once
}

// AdminColumn is one of them.
type AdminColumn struct {
	Key, Label string
	Type       string // "text", "number", "yes_no", "date", "list"
	Choices    []string
	Listed     bool // is shown in the list of accounts
	Configured bool // a field of `signup`: to be read only
	Position   int  // from 1
}

// AdminCell is what an account has in a column.
type AdminCell struct {
	Column AdminColumn
	Value  string // as a form holds it; empty: nothing
}

// columnTypes are the types in the order in which they are offered.
var columnTypes = []string{"text", "number", "yes_no", "date", "list"}

func (v *View) typeName(kind string) string {
	switch kind {
	case "number":
		return v.T("columns_type_number")
	case "yes_no":
		return v.T("columns_type_yes_no")
	case "date":
		return v.T("columns_type_date")
	case "list":
		return v.T("columns_type_list")
	}
	return v.T("columns_type_text")
}

// ColumnLabel names a column.
func (v *View) ColumnLabel(c AdminColumn) string {
	if c.Label != "" {
		return c.Label
	}
	return v.label("field_"+c.Key, c.Key)
}

// ColumnFacts is what the list of columns says of one.
func (v *View) ColumnFacts(c AdminColumn) []string {
	facts := []string{v.typeName(c.Type)}
	if len(c.Choices) > 0 {
		facts = append(facts, v.Join(c.Choices))
	}
	if !c.Listed {
		facts = append(facts, v.T("columns_unlisted"))
	}
	if c.Configured {
		facts = append(facts, v.T("columns_configured"))
	}
	return facts
}

// ChoiceView is an input that offers choices.
type ChoiceView struct {
	Input
	Options []OptionView // empty: an input like any other
}

// OptionView is one of them.
type OptionView struct {
	Value, Text string
	Chosen      bool
}

func (c *ChoiceView) offer(value, text string) {
	c.Options = append(c.Options, OptionView{value, text, value == c.Value})
}

func (c *ChoiceView) hint(text string) {
	c.Hint, c.Described = text, strings.TrimSpace(c.Described+" "+c.ID+"-hint")
}

// ColumnType returns the choice of a new column's type.
func (v *View) ColumnType() ChoiceView {
	c := ChoiceView{Input: v.Input("type", "select", "off", "required")}
	c.Label = v.T("columns_type")
	for _, kind := range columnTypes {
		c.offer(kind, v.typeName(kind))
	}
	return c
}

// YesNo returns a choice between the two. Words are those of Input.
func (v *View) YesNo(name string, words ...string) ChoiceView {
	c := ChoiceView{Input: v.Input(name, "select", "off", append(words, "required")...)}
	c.offer("true", v.T("yes"))
	c.offer("false", v.T("no"))
	return c
}

// ColumnInput returns the input of a cell. Words are those of Input.
func (v *View) ColumnInput(cell AdminCell, words ...string) ChoiceView {
	col := cell.Column
	kind := "text"
	words = append(slices.Clone(words), "value="+cell.Value)
	switch col.Type {
	case "number":
		words = append(words, "mode=decimal")
	case "date":
		kind = "date"
	}
	c := ChoiceView{Input: v.Input(col.Key, kind, "off", words...)}
	c.Label = v.ColumnLabel(col)
	switch {
	case col.Type == "yes_no":
		c.offer("", "–")
		c.offer("true", v.T("yes"))
		c.offer("false", v.T("no"))
	case col.Type == "list" && len(col.Choices) > 0:
		c.hint(v.T("column_list_choices", "choices", v.Join(col.Choices)))
	case col.Type == "list":
		c.hint(v.T("column_list_hint"))
	case col.Type == "text" && len(col.Choices) > 0:
		c.offer("", "–")
		if c.Value != "" && !slices.Contains(col.Choices, c.Value) {
			c.offer(c.Value, c.Value) // from before there were choices
		}
		for _, choice := range col.Choices {
			c.offer(choice, choice)
		}
	}
	return c
}

// EmptyCell returns a cell of the column with nothing in it.
func (v *View) EmptyCell(c AdminColumn) AdminCell { return AdminCell{Column: c} }

// Join writes choices as a form holds them.
func (v *View) Join(choices []string) string { return strings.Join(choices, ", ") }

// CellView is what a list of accounts shows of one field, and what its script changes it by.
type CellView struct {
	Key, Label  string
	Value, Text string // as a form holds it; as people read it
	Scripted    bool   // shown only where it can be changed in place
}

// RowView is an account in the list, by what can be changed there.
type RowView struct {
	ID      string
	Version int64
	Cells   []CellView
}

// Row returns it.
func (v *View) Row(a AdminAccount) RowView { return RowView{a.ID, a.Version, v.cells(a)} }

func (v *View) cells(a AdminAccount) []CellView {
	enabled := "false"
	if a.Enabled {
		enabled = "true"
	}
	roles := strings.Join(a.Roles, " ")
	cells := []CellView{
		{Key: "name", Label: v.T("field_name"), Value: a.Name, Text: a.Name, Scripted: true},
		{Key: "roles", Label: v.T("admin_roles"), Value: roles, Text: roles, Scripted: len(a.Roles) == 0},
		{Key: "enabled", Label: v.T("admin_enabled"), Value: enabled, Text: v.cellText("yes_no", enabled), Scripted: true},
	}
	for _, c := range a.Cells {
		cells = append(cells, CellView{Key: c.Column.Key, Label: v.ColumnLabel(c.Column), Value: c.Value, Text: v.cellText(c.Column.Type, c.Value), Scripted: c.Value == ""})
	}
	return cells
}

func (v *View) cellText(kind, value string) string {
	switch {
	case kind == "yes_no" && value == "true":
		return v.T("yes")
	case kind == "yes_no" && value == "false":
		return v.T("no")
	case kind == "date":
		if day, err := time.Parse(time.DateOnly, value); err == nil {
			return v.Day(day).Text
		}
	}
	return value
}

// EditProblems are the codes of what may go wrong with a change in the list, each with its sentence.
func (v *View) EditProblems() map[string]string {
	all := map[string]string{"internal": v.T("problem_internal"), "fresh_login_required": v.T("admin_edit_fresh")}
	for _, id := range []string{"problem_changed_meanwhile", "problem_conflict", "problem_last_administrator", "problem_login_required",
		"problem_forbidden", "problem_not_found", "problem_column_busy", "problem_store_unavailable", "problem_invalid_field", "problem_invalid_field_name",
		"problem_invalid_field_number", "problem_invalid_field_yes_no", "problem_invalid_field_date", "problem_invalid_field_list",
		"problem_invalid_field_choice"} {
		all[strings.TrimPrefix(id, "problem_")] = v.T(id)
	}
	return all
}
