package accounts

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ColumnType is the type of the values of a column.
type ColumnType string

// Types of columns. A value is stored as JSON; a date is text such as 2026-11-25.
const (
	ColumnText   ColumnType = "text"
	ColumnNumber ColumnType = "number"
	ColumnYesNo  ColumnType = "yes_no"
	ColumnDate   ColumnType = "date"
	ColumnList   ColumnType = "list" // several short texts
)

var columnTypes = []ColumnType{ColumnText, ColumnNumber, ColumnYesNo, ColumnDate, ColumnList}

// Column is a column that the operator added to the table of accounts. Its values are the attributes of that name.
type Column struct {
	Key     string     `json:"key"` // name of the attribute
	Label   string     `json:"label"`
	Type    ColumnType `json:"type"`
	Choices []string   `json:"choices,omitempty"` // of a text or a list: the only values; empty: any
	Listed  bool       `json:"listed"`            // shown in the list of accounts

	// Configured marks a field of `signup` in the Caddyfile, which can be changed there only.
	Configured bool `json:"-"`
}

const (
	// MaxColumns bounds the columns that administrators can add.
	MaxColumns = 50

	maxColumnLabel = 100 // characters
	maxChoices     = 50
	maxChoice      = 100 // characters
)

// builtIn are the names of built-in fields, here or in a file of `users export`: a table with two columns of one name
// would be misread.
var builtIn = []string{"id", "username", "email", "confirmed", "name", "role", "roles", "effective_roles",
	"attributes", "enabled", "approved",
	"created", "last_sign_in", "password", "password_hash", "has_password", "version"}

// check validates a definition and fills in its defaults.
func (col *Column) check() error {
	why := ""
	switch col.Key = strings.TrimSpace(col.Key); {
	case !attributeName(col.Key):
		return &InvalidError{Field: "key", Why: "must be made of lower-case letters, digits, _ and -, 64 at most"}
	case slices.Contains(builtIn, col.Key):
		return &InvalidError{Field: "key", Why: "is what a field of every account is called"}
	case !slices.Contains(columnTypes, col.Type):
		return &InvalidError{Field: "type", Why: "must be text, number, yes_no, date or list"}
	}
	if col.Label, why = Line(col.Label, maxColumnLabel); why != "" {
		return &InvalidError{Field: "label", Why: why}
	}
	if col.Label == "" {
		col.Label = col.Key
	}
	if col.Choices, why = shortTexts(col.Choices, maxChoices, maxChoice); why != "" {
		return &InvalidError{Field: "choices", Why: why}
	}
	if len(col.Choices) > 0 && col.Type != ColumnText && col.Type != ColumnList {
		return &InvalidError{Field: "choices", Why: "are for columns of text and lists"}
	}
	return nil
}

// shortTexts returns the short texts in in, without duplicates and empty ones. Upstreams get them joined by commas, so
// a text with a comma is refused: it would pass for two.
func shortTexts(in []string, limit, size int) (out []string, why string) {
	for _, s := range in {
		if s, why = Line(s, size); why != "" {
			return nil, why
		}
		if strings.Contains(s, ",") {
			return nil, "hold one with a comma"
		}
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if len(out) > limit {
		return nil, "are too many"
	}
	return out, ""
}

// value converts a submitted value to the column's type; nil is no value. It reads text as forms, files and the command
// line write it.
func (col *Column) value(sent any) (any, error) {
	v, reason, why := col.read(sent)
	if why != "" {
		return nil, &InvalidError{Field: col.Key, Reason: reason, Why: why}
	}
	return v, nil
}

func (col *Column) read(sent any) (v any, reason, why string) {
	text, isText := sent.(string)
	if text = strings.TrimSpace(text); sent == nil || isText && text == "" {
		return nil, "", ""
	}
	switch col.Type {
	case ColumnNumber:
		v, why = number(sent, text)
	case ColumnYesNo:
		v, why = yesNo(sent, text)
	case ColumnDate:
		day, err := time.Parse(time.DateOnly, text)
		if err != nil || day.Year() == 0 {
			return nil, "date", "must be a day such as 2026-11-25"
		}
		return text, "", ""
	case ColumnList:
		return col.list(sent, text, isText)
	default:
		if !isText {
			return nil, "", "must be text"
		}
		if text, why = Line(text, MaxAttributeValue); why == "" && !col.allows(text) {
			return nil, "choice", "is none of the choices"
		}
		return text, "", why
	}
	return v, string(col.Type), why
}

func number(sent any, text string) (any, string) {
	n, ok := sent.(float64)
	if !ok {
		var err error
		// Decimal notation only: ParseFloat also reads hexadecimal, underscores and infinity.
		if n, err = strconv.ParseFloat(text, 64); err != nil || strings.Trim(text, "+-.0123456789eE") != "" {
			return nil, "must be a number, such as 12 or 3.5"
		}
	}
	if math.IsNaN(n) || math.Abs(n) > 1e300 {
		return nil, "must be a number, such as 12 or 3.5"
	}
	return n, ""
}

func yesNo(sent any, text string) (any, string) {
	if b, ok := sent.(bool); ok {
		return b, ""
	}
	switch strings.ToLower(text) {
	case "true", "yes":
		return true, ""
	case "false", "no":
		return false, ""
	}
	return nil, "must be true or false"
}

func (col *Column) list(sent any, text string, isText bool) (v any, reason, why string) {
	var in []string
	if isText {
		in = strings.Split(text, ",")
	} else {
		elements, ok := sent.([]any)
		if !ok || len(elements) > 4*maxAttributes {
			return nil, "list", "must be a list of texts"
		}
		for _, e := range elements {
			s, ok := e.(string)
			if !ok {
				return nil, "list", "must be a list of texts"
			}
			in = append(in, s)
		}
	}
	all, why := shortTexts(in, maxAttributes, MaxAttributeValue)
	if why != "" || len(all) == 0 {
		return nil, "list", why
	}
	out := make([]any, 0, len(all))
	for _, s := range all {
		if !col.allows(s) {
			return nil, "choice", "holds what is none of the choices"
		}
		out = append(out, s)
	}
	return out, "", ""
}

func (col *Column) allows(s string) bool {
	return len(col.Choices) == 0 || slices.Contains(col.Choices, s)
}
