package authportal

import (
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// linkAPI answers POST login/link: 202, whoever has the address.
func (c *call) linkAPI() error {
	var body struct {
		Email, To, Flow string
		Remember        bool
	}
	if err := c.decode(&body); err != nil {
		return err
	}
	if _, err := c.askLink(try{Login: body.Email, To: body.To, Flow: body.Flow, Remember: body.Remember}); err != nil {
		return err
	}
	return c.json(http.StatusAccepted, map[string]string{"status": statusSent})
}

// linkFinishAPI answers POST login/link/finish: as POST login.
func (c *call) linkFinishAPI() error {
	f, err := c.jsonFields("token", "code", "to", "flow")
	if err != nil {
		return err
	}
	if (f["token"] == "") == (f["code"] == "") {
		return problem.Malformed
	}
	out, err := c.finishLink(f)
	if err != nil {
		return err
	}
	return c.signedIn(http.StatusOK, out)
}

// linkPage asks for an address; or, where the link of a letter leads, for a click. It takes nothing: a GET may be a scanner's.
func (c *call) linkPage() error {
	m, err := c.mayLink()
	if err != nil {
		return err
	}
	q := c.r.URL.Query()
	if token := q.Get("token"); token != "" {
		return c.showLinkToken(m, http.StatusOK, token, nil)
	}
	if !c.v.Site.Hosted {
		return c.startFlow("/link")
	}
	live, err := c.session()
	if err != nil {
		return err
	}
	t := try{To: q.Get("to"), Flow: q.Get("flow")}
	if live != nil {
		t.Login = live.Identity.Email // is asked to sign in again, mostly
	}
	return c.showLink(http.StatusOK, t, nil, nil)
}

// linkForm is the form's face of askLink.
func (c *call) linkForm() error {
	f, err := c.formFields("email", "remember", "to", "flow")
	t := try{Login: f["email"], To: f["to"], Flow: f["flow"], Remember: f["remember"] != ""}
	var pend *pending
	if err == nil {
		pend, err = c.askLink(t)
	}
	if p := c.shownOnPage(err); p != nil {
		return c.showLink(p.Status, t, nil, p)
	}
	if err != nil {
		return err
	}
	return c.showLink(http.StatusOK, t, pend, nil)
}

// linkFinishForm is the form's face of finishLink.
func (c *call) linkFinishForm() error {
	f, err := c.formFields("token", "code", "step", "to", "flow")
	if err != nil {
		return err
	}
	out, err := c.finishLink(f)
	t := try{To: f["to"], Flow: f["flow"]}
	if p := c.shownOnPage(err); p != nil {
		return c.showLinkProblem(f, t, p)
	}
	switch {
	case err != nil:
		return err
	case out.Step != nil:
		return c.showLogin(http.StatusOK, t, c.intent(t.To, t.Flow), nil, out)
	}
	return c.redirect(out.Location)
}

// showLinkProblem goes back to where somebody can do something about it.
func (c *call) showLinkProblem(f map[string]string, t try, p *problem.Problem) error {
	switch p.Code {
	case problem.InvalidCode.Code, problem.CodeTooMany, problem.InvalidLink.Code:
	default:
		return c.showLogin(p.Status, t, c.intent(t.To, t.Flow), p, nil) // the proof was right, and the account may not sign in
	}
	if f["token"] != "" {
		if p.Code == problem.CodeTooMany {
			return c.showLinkToken(c.p.linkMethod(), p.Status, f["token"], p)
		}
		if p == errOtherBrowser {
			return c.showLinkToken(c.p.linkMethod(), p.Status, f["token"], nil)
		}
		return c.page(p.Status, pages.Page{Name: pages.Link, Data: pages.LinkData{Expired: true, AgainURL: c.link("/link") + query(t)}})
	}
	return c.showLink(p.Status, t, c.openPending(f["step"]), p)
}

// showLink writes the form for an address, or, once the letter is on its way, that for its code.
func (c *call) showLink(status int, t try, asked *pending, shown *problem.Problem) error {
	data := pages.LinkData{To: t.To, Flow: t.Flow, Remember: !c.p.set.RememberOff, LoginURL: c.link("/login") + query(t),
		AgainURL: c.link("/link") + query(t)}
	p := pages.Page{Name: pages.Link, LeavesSite: true, Values: map[string]string{"email": bounded(t.Login, 300)}}
	if t.Remember {
		p.Values["remember"] = "1"
	}
	if asked != nil {
		data.Step, data.Account = asked.Token, asked.Login
	}
	if shown != nil {
		showProblem(&p, shown)
	}
	p.Data = data
	return c.page(status, p)
}

// showLinkToken writes the page that the link of a letter leads to: a click for the browser that asked, advice for every other.
func (c *call) showLinkToken(m *method.Configured, status int, token string, shown *problem.Problem) error {
	data := pages.LinkData{AgainURL: c.link("/link"), LoginURL: c.link("/login")}
	email, ok := mailProof(m).Address(token)
	live, err := c.session()
	if err != nil {
		return err
	}
	data.Elsewhere = true
	for _, pend := range c.allPending() {
		if pend.Method == m.Name && mailProof(m).Fits(token, pend.State) {
			data.Elsewhere, data.Token, data.Account = false, token, email
			data.AgainURL = c.link("/link") + query(try{To: pend.To, Flow: pend.Flow})
		}
	}
	switch {
	case !ok:
		data.Elsewhere, data.Expired, status = false, true, http.StatusBadRequest
	case data.Elsewhere && live != nil && live.Identity.Email == email:
		data.Elsewhere, data.Done, data.Account = false, true, email // the code was entered here, or the link opened twice
		data.LoginURL = c.link("/account")
	}
	p := pages.Page{Name: pages.Link, LeavesSite: true, Data: data}
	if shown != nil {
		p.Problem = message(shown)
	}
	return c.page(status, p)
}
