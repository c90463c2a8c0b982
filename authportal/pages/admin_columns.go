package pages

import (
	"slices"
	"strings"
	"time"
)

// ColumnsData fills Columns: the operator's columns of the table of accounts.
type ColumnsData struct {
	Columns []AdminColumn
	Open    string // key of the column whose forms are shown expanded
}

// AdminColumn is one of the operator's columns.
type AdminColumn struct {
	Key, Label string
	Type       string // "text", "number", "yes_no", "date", "list"
	Choices    []string
	Listed     bool // shown in the list of accounts
	Configured bool // a field of `signup`: read-only
	Position   int  // from 1
}

// AdminCell is the value of an account in a column.
type AdminCell struct {
	Column AdminColumn
	Value  string // as in a form; empty: no value
}

// columnTypes are the column types, in the order in which they are offered.
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

// ColumnLabel returns the name of a column.
func (v *View) ColumnLabel(c AdminColumn) string {
	if c.Label != "" {
		return c.Label
	}
	return v.label("field_"+c.Key, c.Key)
}

// ColumnFacts returns the description of a column in the list of columns.
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

// ChoiceView is an input with choices.
type ChoiceView struct {
	Input
	Options []OptionView // empty: a plain input
}

// OptionView is one choice.
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

// ColumnType returns the input for the type of a new column.
func (v *View) ColumnType() ChoiceView {
	c := ChoiceView{Input: v.Input("type", "select", "off", "required")}
	c.Label = v.T("columns_type")
	for _, kind := range columnTypes {
		c.offer(kind, v.typeName(kind))
	}
	return c
}

// YesNo returns an input for yes or no. For words see Input.
func (v *View) YesNo(name string, words ...string) ChoiceView {
	c := ChoiceView{Input: v.Input(name, "select", "off", append(words, "required")...)}
	c.offer("true", v.T("yes"))
	c.offer("false", v.T("no"))
	return c
}

// ColumnInput returns the input of a cell. For words see Input.
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
			c.offer(c.Value, c.Value) // an old value that is no longer a choice
		}
		for _, choice := range col.Choices {
			c.offer(choice, choice)
		}
	}
	return c
}

// EmptyCell returns a cell of the column without a value.
func (v *View) EmptyCell(c AdminColumn) AdminCell { return AdminCell{Column: c} }

// Join returns choices as in a form.
func (v *View) Join(choices []string) string { return strings.Join(choices, ", ") }

// CellView is a cell in the list of accounts, with what the script needs to edit it.
type CellView struct {
	Key, Label  string
	Value, Text string // as in a form; as shown
	Scripted    bool   // shown only if it can be edited in place
}

// RowView is an account in the list, with what the script needs to edit it.
type RowView struct {
	ID      string
	Version int64
	Cells   []CellView
}

// Row returns the RowView of an account.
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

// EditProblems returns the problem codes of an edit in the list, each with its sentence.
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
