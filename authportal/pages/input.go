package pages

import (
	"strconv"
	"strings"
)

// Input is one labelled input of a form, as templates get it.
type Input struct {
	ID, Name, Type, Label, Value, Hint, Problem string
	Autocomplete, Mode                          string
	MessageID                                   string // id of Problem, for tests and style sheets
	Described                                   string // ids of the hint, the problem and the alert
	Optional                                    string // the text that marks it as optional; empty: required
	MinLength                                   int
	Required, ReadOnly, Focus                   bool
	Verbatim                                    bool   // no capitalization or correction by a phone's keyboard
	Show                                        string // label of the button that shows a password; empty: none
	Hide                                        string
	Strength                                    []string // labels of the strength meter, weakest first; empty: no meter
}

// Input returns an input of the page's form. Further words:
//
//	required, readonly, focus   as the attributes of HTML; focus yields to a field with a problem
//	filter                      a filter of a list, which is not marked as optional
//	form=<name>                 the form of the page that it belongs to; its id, value and problem are then
//	                            those of <form>_<name>
//	label=<id>, hint=<id>       translations; the label is "field_<name>" otherwise
//	value=<text>                its value, unless the user typed another one before
//	min=<n>                     minimum number of characters
//	mode=<inputmode>
func (v *View) Input(name, kind, autocomplete string, words ...string) Input {
	in := Input{ID: name, Name: name, Type: kind, Autocomplete: autocomplete}
	label, hint, value, filter := "field_"+name, "", "", false
	for _, w := range words {
		switch key, arg, _ := strings.Cut(w, "="); key {
		case "required":
			in.Required = true
		case "readonly":
			in.ReadOnly = true
		case "filter":
			filter = true
		case "focus":
			in.Focus = !v.hasFieldProblem()
		case "form":
			in.ID = arg + "_" + name
		case "label":
			label = arg
		case "hint":
			hint = arg
		case "value":
			value = arg
		case "mode":
			in.Mode = arg
		case "min":
			in.MinLength, _ = strconv.Atoi(arg)
		}
	}
	in.Label = v.label(label, name)
	if !in.Required && !in.ReadOnly && !filter {
		in.Optional = v.T("optional")
	}
	switch autocomplete {
	case "username", "email", "one-time-code", "off":
		in.Verbatim = true
	}
	v.complete(&in, value, hint)
	return in
}

// autofill maps names of operators' fields to autocomplete values.
var autofill = map[string]string{
	"company": "organization", "organization": "organization", "phone": "tel", "country": "country-name", "city": "address-level2",
	"postcode": "postal-code", "street": "street-address", "website": "url", "job_title": "organization-title", "language": "language",
	"first_name": "given-name", "last_name": "family-name", "nickname": "nickname",
}

// InputOf returns the input of a field of the configuration or of a method.
func (v *View) InputOf(f Field, words ...string) Input {
	kind := f.Type
	switch kind {
	case "text", "password", "email", "number", "tel", "url":
	default:
		kind = "text"
	}
	if f.Required {
		words = append(words, "required")
	}
	words = append(words, "value="+f.Value)
	fill := f.Autocomplete
	if fill == "" {
		fill = autofill[f.Name]
	}
	in := v.Input(f.Name, kind, fill, words...)
	if f.Label != "" {
		in.Label = f.Label
	}
	return in
}

// wordID returns the translation id in a word of Input.
func wordID(word string) (string, bool) {
	key, id, named := strings.Cut(word, "=")
	return id, named && (key == "label" || key == "hint")
}

// complete sets the typed value, the problem and the description of an input.
func (v *View) complete(in *Input, value, hint string) {
	in.Value = value
	if typed, ok := v.Values[in.ID]; ok && !in.ReadOnly {
		in.Value = typed
	}
	if in.Type == "password" {
		in.Value = "" // passwords are never sent back
		in.Show, in.Hide = v.T("password_show"), v.T("password_hide")
		if in.Autocomplete == "new-password" {
			in.Strength = []string{v.T("password_strength_weak"), v.T("password_strength_fair"), v.T("password_strength_good"), v.T("password_strength_strong")}
		}
	}
	var described []string
	if m := v.fieldProblem(in.ID); m != nil {
		in.Problem, in.MessageID = v.Say(m), m.ID
		in.Focus = v.firstProblem == "" || v.firstProblem == in.ID
		if in.Focus {
			v.firstProblem = in.ID
		}
		described = append(described, in.ID+"-problem")
	} else if in.Focus && v.Problem != nil {
		described = append(described, "problem") // screen readers begin here, so refer to the alert
	}
	if hint != "" {
		in.Hint = v.text(hint, map[string]any{"min": in.MinLength})
		described = append(described, in.ID+"-hint")
	}
	in.Described = strings.Join(described, " ")
}
