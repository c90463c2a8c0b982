package pages

import (
	"slices"
	"strings"
)

// A problem is shown once, beside the field that it is about. The alert above the form then says only that there is one
// below.

// fieldProblem returns the problem of the input with that id.
func (v *View) fieldProblem(id string) *Message {
	if v.Name == Account {
		return v.accountProblem(id)
	}
	return v.FieldProblems[id]
}

// accountProblem assigns a problem to a form of the account page. The typed name of a token is in Values as
// "token_name": problems of "name" are then about the token and not about the account. A wrong password is always that
// of the password form.
func (v *View) accountProblem(id string) *Message {
	_, typedToken := v.Values["token_name"]
	field, isToken := strings.CutPrefix(id, "token_")
	switch {
	case isToken != typedToken:
		return nil
	case id == "current" && v.Problem != nil && v.Problem.ID == "problem_invalid_credentials":
		return v.Problem
	}
	return v.FieldProblems[field]
}

func (v *View) hasFieldProblem() bool {
	return slices.ContainsFunc(v.inputs(), func(id string) bool { return v.fieldProblem(id) != nil })
}

// inputs returns the ids of the page's inputs.
func (v *View) inputs() []string {
	var ids []string
	add := func(fields []Field) {
		for _, f := range fields {
			ids = append(ids, f.Name)
		}
	}
	switch d := v.Data.(type) {
	case LoginData:
		ids = []string{"login", "password"}
		if d.Step != nil {
			ids = []string{"code"}
			add(d.Step.Fields)
		}
	case SignupData:
		ids = []string{"email", "name", "password"}
		add(d.Fields)
	case SetupData:
		ids = []string{"email", "name", "password"}
	case AdminImportData:
		ids = []string{"file"}
	case ConfirmData, ForgotData:
		ids = []string{"email"}
	case ResetData:
		ids = []string{"password"}
	case LinkData:
		ids = []string{"email", "code"}
	case AccountData:
		ids = []string{"name", "email", "current", "password", "token_name", "token_expires"}
		add(d.Fields)
	}
	return ids
}

// Alert returns the sentence above the form.
func (v *View) Alert() string {
	if v.hasFieldProblem() {
		return v.T("problem_marked")
	}
	return v.Say(v.Problem)
}

// Trouble reports whether the form "email", "password", "token" or "delete" of the account page is the one with a
// problem.
func (v *View) Trouble(form string) bool {
	ids := map[string][]string{"email": {"email"}, "password": {"current", "password"}, "token": {"token_name", "token_expires"},
		"delete": {"sure"}}[form]
	_, typedToken := v.Values["token_name"]
	return slices.ContainsFunc(ids, func(id string) bool { return v.fieldProblem(id) != nil }) || form == "token" && typedToken && v.Problem != nil
}

// Value returns what the user typed.
func (v *View) Value(name string) string { return v.Values[name] }

// Chosen reports whether the i-th of the methods that share a form is selected.
func (v *View) Chosen(i int, method string) bool {
	chosen := v.Values["method"]
	if d, ok := v.Data.(LoginData); ok && chosen == "" && d.Step != nil {
		chosen = d.Step.Method
	}
	if chosen == "" {
		return i == 0
	}
	return chosen == method
}

// MayGoOn reports whether the page should offer a link to the account page after this error.
func (v *View) MayGoOn() bool {
	d, ok := v.Data.(ErrorData)
	return ok && d.Status < 500 && d.Code != "https_required"
}
