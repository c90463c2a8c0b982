package web

import (
	"net/http"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// ShownOnPage returns the problem to show beside the form when the form is shown again, and sets its headers. It
// returns nil if err is nil, an internal failure, or a problem that no form can solve (not found, or https required),
// which gets a page of its own.
func (c *Call) ShownOnPage(err error) *problem.Problem {
	p := ToldProblem(err)
	if p == nil || p.Code == problem.HTTPS.Code || p.Code == problem.NotFound.Code {
		return nil
	}
	SetRetry(c.Writer, p)
	return p
}

// ToldProblem returns the problem to report for err. It returns nil if err is nil or an internal failure.
func ToldProblem(err error) *problem.Problem {
	if err == nil || problem.IsFault(err) {
		return nil
	}
	return problem.Of(err)
}

// SetRetry sets the headers of a problem that is shown on a page.
func SetRetry(w http.ResponseWriter, p *problem.Problem) { p.Headers(w.Header()) }

// Message returns the translated sentence of a problem.
func Message(p *problem.Problem) *pages.Message {
	args := map[string]any{}
	for k, v := range p.Extra {
		args[k] = v
	}
	if p.RetryAfter > 0 {
		args["minutes"] = int((p.RetryAfter + time.Minute - 1) / time.Minute)
	}
	return &pages.Message{ID: "problem_" + p.Code, Args: args}
}

// fieldOfProblem maps problem codes to the field that they always refer to.
var fieldOfProblem = map[string]string{
	"password_not_acceptable": "password",
	"user_exists":             "email",
	"username_taken":          "username",
}

// ShowProblem shows a problem on a page, beside the field that it refers to.
func ShowProblem(page *pages.Page, p *problem.Problem) {
	field, known := fieldOfProblem[p.Code]
	if !known {
		field, _ = p.Extra["field"].(string)
	}
	page.Problem = Message(p)
	if field != "" {
		page.FieldProblems = map[string]*pages.Message{field: Message(p)}
	}
}

// Or returns err if it is not nil, otherwise p.
func Or(err error, p *problem.Problem) error {
	if err != nil {
		return err
	}
	return p
}
