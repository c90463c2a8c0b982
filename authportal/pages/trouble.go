package pages

import (
	"slices"
	"strings"
)

// What went wrong belongs beside the field that it is about, and once: the alert above the form then says only that
// there is something below.

// fieldProblem returns what is wrong with the input of that id.
func (v *View) fieldProblem(id string) *Message {
	if v.Name == Account {
		return v.accountProblem(id)
	}
	return v.FieldProblems[id]
}

// accountProblem sorts out the forms of the account page. What was typed as the name of a token comes back as
// "token_name": problems of "name" are then about that one and not about the person's. A wrong password can only be the
// one of the password form.
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

// inputs are the ids of what the page has to fill in.
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

// Alert is the sentence above the form.
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

// Value returns what the person typed.
func (v *View) Value(name string) string { return v.Values[name] }

// Chosen reports whether the i-th of the methods that share a form is the one to be marked.
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

// MayGoOn reports whether the account page is of use after this error.
func (v *View) MayGoOn() bool {
	d, ok := v.Data.(ErrorData)
	return ok && d.Status < 500 && d.Code != "https_required"
}
