package authportal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Signing in by mail. Whoever asks is told the same, whoever has the address: the browser gets its half of the secret in the
// cookie of its sign-in, the queue a letter. Only the worker looks for the account, and makes the rest of the secret, which
// stands in the letter as a link and as a code. Both are worth nothing in any other browser: a link that was forwarded, or that
// somebody was made to open, signs nobody in, and uses nothing up.

// linkLife is how long a letter is good for, from when it was asked for. The browser keeps its half as long.
const linkLife = pendingLife

// linkGuesses is how many codes may be tried at the letters of one asking; then they are worth nothing, links included.
const linkGuesses = 5

var errOtherBrowser = &problem.Problem{Status: http.StatusBadRequest, Code: "invalid_token",
	Detail: "the link is for the browser that asked for it; open it there, or enter the code of the letter there"}

func (p *Portal) linkRoutes() []route {
	return []route{
		// On a gate whose pages are elsewhere too: a letter that its app asked for leads back to its browser.
		{method: http.MethodGet, path: "/link", secret: true, do: (*call).linkPage, anywhere: true},
		{method: http.MethodPost, path: "/link", secret: true, do: (*call).linkForm, anywhere: true},
		{method: http.MethodPost, path: "/link/finish", do: (*call).linkFinishForm, anywhere: true},
		{method: http.MethodPost, path: "/api/v1/login/link", do: (*call).linkAPI},
		{method: http.MethodPost, path: "/api/v1/login/link/finish", do: (*call).linkFinishAPI},
	}
}

// mailProof returns the ability of a method whose proof comes by mail, else nil.
func mailProof(m *method.Configured) method.MailProof {
	proof, _ := m.Method.(method.MailProof)
	return proof
}

// linkMethod returns the configured method of signing in by mail, nil where there is none.
func (p *Portal) linkMethod() *method.Configured {
	for i := range p.methods {
		if mailProof(&p.methods[i]) != nil {
			return &p.methods[i]
		}
	}
	return nil
}

// mayLink hides signing in by mail where it cannot work.
func (c *call) mayLink() (*method.Configured, error) {
	m := c.p.linkMethod()
	if m == nil || !c.p.mails() {
		return nil, problem.NotFound
	}
	return m, c.mustHTTPS()
}

// askLink queues a letter to the address in t.Login, whoever has it, and leaves the sign-in in progress with the browser.
func (c *call) askLink(t try) (*pending, error) {
	m, err := c.mayLink()
	if err != nil {
		return nil, err
	}
	to, err := NormalizeEmail(t.Login)
	if err != nil {
		return nil, accountProblem(err)
	}
	base, err := c.ownBase()
	if err != nil {
		// This gate cannot say where it stands. The code works all the same, and that is what the portal's page says.
		if base, err = c.mailBase(); err != nil {
			return nil, err
		}
	}
	state, ref, err := mailProof(m).Ask()
	if err != nil {
		return nil, err
	}
	if err := c.requestMail(mailLink, to, mailPayload{Base: base, Ref: ref}); err != nil {
		return nil, err
	}
	pend := &pending{Method: m.Name, Login: to, State: state, To: t.To, Flow: t.Flow, Remember: t.Remember, Begun: true}
	_, err = c.keepPending(pend)
	return pend, err
}

// writeLink writes the letter, as long as somebody still waits for it.
func (p *Portal) writeLink(ctx context.Context, l *mailMessage, u *store.User, asked time.Time, a *mailPayload) (*mailMessage, error) {
	m, until := p.linkMethod(), asked.Add(linkLife)
	if m == nil || !p.now().Before(until) {
		return nil, nil
	}
	token, code, err := mailProof(m).Write(ctx, u, a.Ref, until)
	if err != nil {
		return nil, err
	}
	l.Link, l.Code = a.Base+"/link?token="+url.QueryEscape(token), code
	return l, nil
}

// atLetter counts a guess at the letters of one asking. Too many are the end of them, not a reason to wait.
func (g *guess) atLetter(state []byte) error {
	err := g.count("letter guess", string(state), Limit{Count: linkGuesses, Window: linkLife})
	if err != nil && !weFailed(err) {
		return problem.InvalidCode
	}
	return err
}

// finishLink signs in by the link or the code of a letter: the fields "token" or "code".
func (c *call) finishLink(f map[string]string) (*outcome, error) {
	m, err := c.mayLink()
	if err != nil {
		return nil, err
	}
	var asked []*pending
	if f["token"] != "" {
		if asked, err = c.askedByLink(m, f["token"]); err != nil {
			return nil, err
		}
	} else if asked = c.askedByCode(m, f["step"]); len(asked) == 0 {
		return nil, c.noLetter(m, problem.InvalidCode, "no letter was asked for here")
	}
	var out *outcome
	for _, pend := range asked {
		out, err = c.signIn(goingOn(pend, f))
		if !errors.Is(err, problem.InvalidCode) {
			return out, err
		}
	}
	if f["token"] != "" {
		return nil, problem.InvalidLink
	}
	return nil, err
}

// goingOn is the next step of a sign-in by mail. It leads where the form says, or where the browser was going when it asked.
func goingOn(pend *pending, f map[string]string) try {
	t := try{Method: pend.Method, Step: pend.Token, To: pend.To, Flow: pend.Flow, Remember: pend.Remember,
		Field: func(name string) string { return f[name] }}
	if f["to"] != "" || f["flow"] != "" {
		t.To, t.Flow = f["to"], f["flow"]
	}
	return t
}

// askedByLink returns the asking of this browser that a link is for.
func (c *call) askedByLink(m *method.Configured, token string) ([]*pending, error) {
	if _, ok := mailProof(m).Address(token); !ok {
		return nil, c.noLetter(m, problem.InvalidLink, "forged or old")
	}
	for _, pend := range c.allPending() {
		if pend.Method == m.Name && mailProof(m).Fits(token, pend.State) {
			return []*pending{pend}, nil
		}
	}
	return nil, c.noLetter(m, errOtherBrowser, "another browser")
}

// askedByCode returns the askings of this browser whose code may be meant: that of the form, or the last one, and then others for
// the same address, because whoever asked twice may have either letter open. Each that is tried is a guess.
func (c *call) askedByCode(m *method.Configured, step string) (list []*pending) {
	all := slices.DeleteFunc(c.allPending(), func(p *pending) bool { return p.Method != m.Name })
	slices.Reverse(all)
	meant := 0
	if step != "" {
		meant = slices.IndexFunc(all, func(p *pending) bool { return p.Token == step })
	}
	if meant < 0 || len(all) == 0 {
		return nil
	}
	first := all[meant]
	others := slices.DeleteFunc(all, func(p *pending) bool { return p == first || p.Login != first.Login })
	return append([]*pending{first}, others...)
}

// noLetter counts and tells a try that belongs to no asking of this browser.
func (c *call) noLetter(m *method.Configured, outcome *problem.Problem, reason string) error {
	if _, err := c.guess(""); err != nil {
		return err
	}
	c.refused(nil, m.Name, reason)
	return outcome
}
