package authportal

import (
	"net/http"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// How an outcome is told on a page: beside the form that it is about, or on a page of its own.

// shownOnPage returns the problem that a form tells when it is shown again, with its headers set; nil where nothing
// went wrong, where we failed, and where no form can help, so that call.answer has the word: here is nothing, or no
// https.
func (c *call) shownOnPage(err error) *problem.Problem {
	p := toldProblem(err)
	if p == nil || p.Code == problem.HTTPS.Code || p.Code == problem.NotFound.Code {
		return nil
	}
	setRetry(c.w, p)
	return p
}

// toldProblem returns the problem that err is; nil where it is none, and means that we failed.
func toldProblem(err error) *problem.Problem {
	if err == nil || weFailed(err) {
		return nil
	}
	return problemOf(err)
}

// setRetry sets the headers of a problem that a page tells.
func setRetry(w http.ResponseWriter, p *problem.Problem) { p.Headers(w.Header()) }

// message is the sentence of a problem, for a form that is shown again.
func message(p *problem.Problem) *pages.Message {
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

// showProblem puts a problem onto a page beside the field that it is about.
func showProblem(page *pages.Page, p *problem.Problem) {
	field, known := fieldOfProblem[p.Code]
	if !known {
		field, _ = p.Extra["field"].(string)
	}
	page.Problem = message(p)
	if field != "" {
		page.FieldProblems = map[string]*pages.Message{field: message(p)}
	}
}
