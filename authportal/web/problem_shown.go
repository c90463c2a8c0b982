package web

import (
	"net/http"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// How an outcome is told on a page: beside the form that it is about, or on a page of its own.

// ShownOnPage returns the problem that a form tells when it is shown again, with its headers set; nil where nothing
// went wrong, where we failed, and where no form can help, so that call.answer has the word: here is nothing, or no
// https.
func (c *Call) ShownOnPage(err error) *problem.Problem {
	p := ToldProblem(err)
	if p == nil || p.Code == problem.HTTPS.Code || p.Code == problem.NotFound.Code {
		return nil
	}
	SetRetry(c.Writer, p)
	return p
}

// ToldProblem returns the problem that err is; nil where it is none, and means that we failed.
func ToldProblem(err error) *problem.Problem {
	if err == nil || problem.IsFault(err) {
		return nil
	}
	return problem.Of(err)
}

// SetRetry sets the headers of a problem that a page tells.
func SetRetry(w http.ResponseWriter, p *problem.Problem) { p.Headers(w.Header()) }

// Message is the sentence of a problem, for a form that is shown again.
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

// fieldOfProblem names the field that problems of some codes are always about.
var fieldOfProblem = map[string]string{
	"password_not_acceptable": "password",
	"user_exists":             "email",
	"username_taken":          "username",
}

// ShowProblem puts a problem onto a page beside the field that it is about.
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

// Or returns err, or the outcome where there is none.
func Or(err error, outcome *problem.Problem) error {
	if err != nil {
		return err
	}
	return outcome
}
