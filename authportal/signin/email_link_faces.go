package signin

import (
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// linkAPI answers POST login/link: always 202, whether or not an account has the address.
func (s *links) linkAPI(c *web.Call) error {
	var body struct {
		Email, To, Flow string
		Remember        bool
	}
	if err := c.Decode(&body); err != nil {
		return err
	}
	input := LoginInput{Login: body.Email, To: body.To, Flow: body.Flow, Remember: body.Remember}
	if _, err := s.requestLink(c, input); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, map[string]string{"status": web.StatusSent})
}

// linkFinishAPI answers POST login/link/finish like POST login.
func (s *links) linkFinishAPI(c *web.Call) error {
	fields, err := c.JSONFields("token", "code", "to", "flow")
	if err != nil {
		return err
	}
	if (fields["token"] == "") == (fields["code"] == "") {
		return problem.Malformed
	}
	result, err := s.finishLink(c, fields)
	if err != nil {
		return err
	}
	return s.forms.SignedIn(c, http.StatusOK, result)
}

// linkPage shows the form for an address or, for the link of a message, a button. A GET uses nothing up: it may come
// from a mail scanner.
func (s *links) linkPage(c *web.Call) error {
	m, err := s.linkMethodFor(c)
	if err != nil {
		return err
	}
	q := c.Request.URL.Query()
	if token := q.Get("token"); token != "" {
		return s.showLinkToken(c, m, http.StatusOK, token, nil)
	}
	if !c.Visit.Site.Hosted {
		return s.flows.StartFlow(c, "/link")
	}
	active, err := s.callers.session(c)
	if err != nil {
		return err
	}
	input := LoginInput{To: q.Get("to"), Flow: q.Get("flow")}
	if active != nil {
		input.Login = active.Identity.Email // most likely signing in again for a step-up
	}
	return s.showLink(c, http.StatusOK, input, nil, nil)
}

// linkForm handles the form for requestLink.
func (s *links) linkForm(c *web.Call) error {
	fields, err := c.FormFields("email", "remember", "to", "flow")
	input := LoginInput{Login: fields["email"], To: fields["to"], Flow: fields["flow"],
		Remember: fields["remember"] != ""}
	var pend *pending
	if err == nil {
		pend, err = s.requestLink(c, input)
	}
	if p := c.ShownOnPage(err); p != nil {
		return s.showLink(c, p.Status, input, nil, p)
	}
	if err != nil {
		return err
	}
	return s.showLink(c, http.StatusOK, input, pend, nil)
}

// linkFinishForm handles the form for finishLink.
func (s *links) linkFinishForm(c *web.Call) error {
	fields, err := c.FormFields("token", "code", "step", "to", "flow")
	if err != nil {
		return err
	}
	result, err := s.finishLink(c, fields)
	input := LoginInput{To: fields["to"], Flow: fields["flow"]}
	if p := c.ShownOnPage(err); p != nil {
		return s.showLinkProblem(c, fields, input, p)
	}
	switch {
	case err != nil:
		return err
	case result.Step != nil:
		return s.forms.showLogin(c, http.StatusOK, input, s.flows.ParseLoginRequest(c, input.To, input.Flow),
			nil, result)
	}
	return c.Redirect(result.Location)
}

// showLinkProblem shows a problem on the page where the person can act on it.
func (s *links) showLinkProblem(c *web.Call, fields map[string]string, input LoginInput, p *problem.Problem) error {
	switch p.Code {
	case problem.InvalidCode.Code, problem.CodeTooMany, problem.InvalidLink.Code:
	default:
		// The proof was right, but the account may not sign in.
		return s.forms.showLogin(c, p.Status, input, s.flows.ParseLoginRequest(c, input.To, input.Flow), p, nil)
	}
	if fields["token"] != "" {
		if p.Code == problem.CodeTooMany {
			return s.showLinkToken(c, s.forms.linkMethod(), p.Status, fields["token"], p)
		}
		if p == errOtherBrowser {
			return s.showLinkToken(c, s.forms.linkMethod(), p.Status, fields["token"], nil)
		}
		return c.Page(p.Status, pages.Page{Name: pages.Link,
			Data: pages.LinkData{Expired: true, AgainURL: c.Link("/link") + Query(input)}})
	}
	return s.showLink(c, p.Status, input, s.pendings.findPending(c, fields["step"]), p)
}

// showLink writes the form for an address or, once a message was requested, the form for its code.
func (s *links) showLink(c *web.Call, status int, input LoginInput, sent *pending, shown *problem.Problem) error {
	data := pages.LinkData{To: input.To, Flow: input.Flow, Remember: !s.settings.RememberOff,
		LoginURL: c.Link("/login") + Query(input),
		AgainURL: c.Link("/link") + Query(input)}
	p := pages.Page{Name: pages.Link, LeavesSite: true,
		Values: map[string]string{"email": problem.Bounded(input.Login, 300)}}
	if input.Remember {
		p.Values["remember"] = "1"
	}
	if sent != nil {
		data.Step, data.Account = sent.Token, sent.Login
	}
	if shown != nil {
		web.ShowProblem(&p, shown)
	}
	p.Data = data
	return c.Page(status, p)
}

// showLinkToken writes the page that the link of a message opens: a button in the browser that requested it, advice in
// any other.
func (s *links) showLinkToken(
	c *web.Call, m *method.Configured, status int, token string, shown *problem.Problem,
) error {
	data := pages.LinkData{AgainURL: c.Link("/link"), LoginURL: c.Link("/login")}
	email, ok := MailProof(m).Address(token)
	active, err := s.callers.session(c)
	if err != nil {
		return err
	}
	data.Elsewhere = true
	for _, pend := range s.pendings.allPending(c) {
		if pend.Method == m.Name && MailProof(m).Fits(token, pend.State) {
			data.Elsewhere, data.Token, data.Account = false, token, email
			data.AgainURL = c.Link("/link") + Query(LoginInput{To: pend.To, Flow: pend.Flow})
		}
	}
	switch {
	case !ok:
		data.Elsewhere, data.Expired, status = false, true, http.StatusBadRequest
	case data.Elsewhere && active != nil && active.Identity.Email == email:
		data.Elsewhere, data.Done, data.Account = false, true, email // already used here, as a code or a link
		data.LoginURL = c.Link("/account")
	}
	p := pages.Page{Name: pages.Link, LeavesSite: true, Data: data}
	if shown != nil {
		p.Problem = web.Message(shown)
	}
	return c.Page(status, p)
}
