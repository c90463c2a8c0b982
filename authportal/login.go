package authportal

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

func (p *Portal) signInRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "", do: (*call).root, anywhere: true},
		{method: http.MethodGet, path: "/login", do: (*call).loginPage, anywhere: true},
		{method: http.MethodPost, path: "/login", do: (*call).loginForm, anywhere: true},
		{method: http.MethodGet, path: "/login/{id}", do: (*call).loginBegin},
		{method: http.MethodGet, path: "/logout", do: (*call).logoutPage, anywhere: true},
		{method: http.MethodPost, path: "/logout", do: (*call).logoutForm, anywhere: true},
		{method: http.MethodGet, path: "/callback", secret: true, do: (*call).callback, anywhere: true},
		{method: http.MethodGet, path: "/jwks.json", do: (*call).jwks, anywhere: true},
		{method: http.MethodGet, path: "/api/v1/session", do: (*call).sessionAPI},
		{method: http.MethodGet, path: "/api/v1/login", do: (*call).loginMethodsAPI},
		{method: http.MethodPost, path: "/api/v1/login", do: (*call).loginAPI},
		{method: http.MethodPost, path: "/api/v1/logout", do: (*call).logoutAPI},
	}
}

// root leads to the account, or to signing in.
func (c *call) root() error {
	live, err := c.session()
	if err != nil {
		return err
	}
	if live != nil {
		return c.redirect(c.link("/account"))
	}
	return c.redirect(c.link("/login"))
}

// loginPage shows the form, unless there is nothing to ask.
func (c *call) loginPage() error {
	if !c.v.Site.Hosted {
		return c.startFlow("/login")
	}
	if err := c.mustHTTPS(); err != nil {
		return err
	}
	q := c.r.URL.Query()
	to, flow := q.Get("to"), q.Get("flow")
	in := c.intent(to, flow)
	live, err := c.session()
	if err != nil {
		return err
	}
	if live == nil {
		return c.showLogin(http.StatusOK, try{To: to, Flow: flow}, in, nil, nil)
	}
	if in.MFA && !c.p.strong(live.Session.Proofs) {
		return c.askFactor(try{To: to, Flow: flow}, in)
	}
	if !in.satisfied(c.p, live) {
		return c.showLogin(http.StatusOK, try{To: to, Flow: flow}, in, nil, nil)
	}
	where, err := c.onward(live, in, false)
	if err != nil {
		return err
	}
	return c.redirect(where)
}

// askFactor asks somebody who is signed in for a second factor; who has none is told so, here, for the gate would only
// send them back.
func (c *call) askFactor(t try, in *intent) error {
	live, u, err := c.mustUser()
	if err != nil {
		return err
	}
	factors, err := c.p.factors(c.ctx(), &u)
	if err != nil {
		return err
	}
	if len(factors) == 0 {
		return c.page(http.StatusForbidden, pages.Page{Name: pages.Forbidden, LeavesSite: true, Data: pages.ForbiddenData{
			User:      userOf(live),
			LogoutURL: c.link("/logout"),
			Path:      bounded(in.To, 200),
			Reason:    "mfa",
		}, Problem: message(problem.SecondFactor)})
	}
	next := (&pending{Purpose: method.StepUp, User: u.ID, Version: u.Version, Proofs: live.Session.Proofs,
		Session: live.Session.RootID()}).next("", &u, nil, t)
	in.further = true
	out, err := c.offerFactors(factors, next, t, in)
	return c.loginAnswer(t, out, err)
}

// loginBegin begins to sign in by a method that has no form on the login page: it leads to a provider, or to the form of
// its first step.
func (c *call) loginBegin() error {
	q := c.r.URL.Query()
	t := try{Method: c.arg, To: q.Get("to"), Flow: q.Get("flow")}
	m := c.p.method(c.arg)
	if m == nil {
		return problem.NotFound
	}
	if _, ok := m.Method.(method.LoginNamer); ok {
		return c.redirect(c.link("/login") + query(t))
	}
	if mailProof(m) != nil {
		return c.redirect(c.link("/link") + query(t))
	}
	if t.Step = q.Get("step"); t.Step != "" { // another second factor than the one that was begun
		out, err := c.signIn(t)
		return c.loginAnswer(t, out, err)
	}
	out, err := c.signIn(t)
	if err != nil {
		return err
	}
	return c.loginAnswer(t, out, nil)
}

// loginForm is the form's face of signIn.
func (c *call) loginForm() error {
	if err := c.form(); err != nil {
		return err
	}
	f := c.r.PostForm
	t := try{Method: f.Get("method"), Login: f.Get("login"), Step: f.Get("step"), To: f.Get("to"), Flow: f.Get("flow"),
		Remember: f.Get("remember") != "", Answers: formAnswers(f), Field: f.Get, JSON: func(name string) json.RawMessage {
			if v := f.Get(name); json.Valid([]byte(v)) {
				return json.RawMessage(v)
			}
			return nil
		}}
	out, err := c.signIn(t)
	return c.loginAnswer(t, out, err)
}

// envelope are the fields of a sign-in that are no answer of the person to a method.
var envelope = []string{"login", "method", "step", "to", "flow", "remember", "trust_device"}

func formAnswers(f url.Values) bool {
	for name := range f {
		if f.Get(name) != "" && !slices.Contains(envelope, name) {
			return true
		}
	}
	return false
}

// loginAnswer tells the outcome of a step on a page.
func (c *call) loginAnswer(t try, out *outcome, err error) error {
	in := func() *intent { return c.intent(t.To, t.Flow) }
	switch {
	case err != nil:
		p := problemOf(err)
		if p.Status >= http.StatusInternalServerError && p.Code != problem.Busy.Code || p.Code == problem.HTTPS.Code || p.Code == problem.SignInBroken.Code {
			return err
		}
		setRetry(c.w, p)
		return c.showLogin(p.Status, t, in(), p, c.chooseAgain(t, p))
	case out.Post != nil:
		return c.showPost(out.Post)
	case out.Challenge != "":
		c.w.Header().Set("WWW-Authenticate", out.Challenge)
		return c.showLogin(http.StatusUnauthorized, t, in(), nil, nil)
	case out.Step != nil:
		return c.showLogin(http.StatusOK, t, in(), nil, out)
	case out.Added != nil:
		return c.redirect(c.link("/account"))
	case out.Live == nil && !out.Provider:
		return c.showLogin(http.StatusOK, t, in(), nil, nil) // the browser was challenged before
	}
	return c.redirect(out.Location)
}

// showPost writes the page that sends a form to a provider by itself. Its policy lets forms go there and nowhere else.
func (c *call) showPost(to *method.PostForm) error {
	post := &pages.Post{URL: to.URL}
	for _, name := range slices.Sorted(maps.Keys(to.Fields)) {
		for _, v := range to.Fields[name] {
			post.Fields = append(post.Fields, pages.Field{Name: name, Value: v})
		}
	}
	u, err := url.Parse(to.URL)
	if err != nil {
		return err
	}
	return c.page(http.StatusOK, pages.Page{Name: pages.Login, FormAction: u.Scheme + "://" + u.Host,
		Data: pages.LoginData{Post: post}})
}

// showLogin writes the page: the first form, or that of a further step.
func (c *call) showLogin(status int, t try, in *intent, shown *problem.Problem, out *outcome) error {
	data := pages.LoginData{To: t.To, Flow: t.Flow, Remember: !c.p.set.RememberOff, Methods: c.methodList(t)}
	if c.p.anyoneSignsUp() {
		data.SignupURL = c.link("/signup") + query(t)
	}
	if c.p.mails() && c.p.accounts.Passwords() != nil {
		data.ForgotURL = c.link("/forgot") + query(t)
	}
	if shown != nil && shown.Code == problem.Unconfirmed.Code && c.p.mails() {
		data.ResendURL = c.link("/confirm")
	}
	live, err := c.session()
	if err != nil {
		return err
	}
	if live != nil && !in.satisfied(c.p, live) {
		data.FixedLogin, data.Remember, data.SignupURL = live.Identity.Username, false, ""
		data.Reason = "fresh"
		if in.MFA && !c.p.strong(live.Session.Proofs) {
			data.Reason = "mfa"
		}
	}
	p := pages.Page{Name: pages.Login, LeavesSite: true, Values: map[string]string{"login": bounded(t.Login, 256)}}
	if t.Remember {
		p.Values["remember"] = "1"
	}
	if m := c.p.linkMethod(); m != nil && len(data.Methods) == 1 && data.Methods[0].Name == m.Name {
		data.MailForm = true
		if live != nil {
			p.Values["email"] = live.Identity.Email
		}
	}
	if out != nil {
		data.Step = out.Step
		if len(out.Factors) > 0 {
			data.Methods = named(out.Factors)
			data.Step.Others = c.otherFactors(out, t)
			data.Step.Method = out.Factors[0].Name
		}
		if out.Choose != "" {
			data.Account = out.Choose
			data.Methods, data.Reason, data.MinLength = nil, "new_password", c.p.accounts.Passwords().MinLength()
		}
	}
	if shown != nil {
		showProblem(&p, shown)
	}
	p.Data = data
	return c.page(status, p)
}

// methodList is what people may choose from.
func (c *call) methodList(t try) []pages.Method {
	first := slices.DeleteFunc(slices.Clone(c.p.methods), func(m method.Configured) bool { return m.Second })
	list := named(first)
	for i, m := range first {
		if mailProof(&m) != nil {
			list[i].URL = c.link("/link") + query(t)
		} else if _, ok := m.Method.(method.LoginNamer); !ok {
			list[i].URL = c.link("/login/"+url.PathEscape(m.Name)) + query(t)
		}
	}
	return list
}

func named(methods []method.Configured) []pages.Method {
	out := make([]pages.Method, 0, len(methods))
	for _, m := range methods {
		out = append(out, pages.Method{Name: m.Name, Kind: m.Method.Kind(), Label: m.Label})
	}
	return out
}

// otherFactors offers those beside the one that was begun.
func (c *call) otherFactors(out *outcome, t try) []pages.Method {
	if out.Step.Method == "" {
		return nil
	}
	q := url.Values{"step": {out.Step.Token}}
	if t.Flow != "" {
		q.Set("flow", t.Flow)
	} else if t.To != "" {
		q.Set("to", t.To)
	}
	others := named(out.Factors[1:])
	for i := range others {
		others[i].URL = c.link("/login/"+url.PathEscape(others[i].Name)) + "?" + q.Encode()
	}
	return others
}

// query hands the goal on to a sibling page.
func query(t try) string {
	switch {
	case t.Flow != "":
		return "?flow=" + url.QueryEscape(t.Flow)
	case t.To != "":
		return "?to=" + url.QueryEscape(t.To)
	}
	return ""
}

// stepFields returns what a method asks for as pages show it.
func stepFields(fields []method.Field) []pages.Field {
	var out []pages.Field
	for _, f := range fields {
		out = append(out, pages.Field(f))
	}
	return out
}
