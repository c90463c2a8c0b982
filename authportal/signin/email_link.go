package signin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Signing in by email. The answer is the same whether or not an account has the address. The browser keeps its half of
// the secret in the state cookie; the worker that sends the message finds the account and makes the other half, which
// the message carries as a link and as a code. Both halves are needed, so a link works only in the browser that
// requested it. A forwarded link, or one that a victim is lured to open, signs nobody in and is not used up.

// LinkLife is how long a message is valid from the request. The browser keeps its half as long.
const LinkLife = pendingLife

// LinkGuesses is how many codes may be tried at the messages of one request. After that they are void, links included.
const LinkGuesses = 5

var errOtherBrowser = &problem.Problem{Status: http.StatusBadRequest, Code: "invalid_token",
	Detail: "the link is for the browser that asked for it; open it there, or enter the code of the letter there"}

func (s *links) linkRoutes() []web.Route {
	return []web.Route{
		// Anywhere: a gate that uses another host's portal receives the links that its own app requested.
		{Method: http.MethodGet, Path: "/link", Secret: true, Do: s.linkPage, Anywhere: true},
		{Method: http.MethodPost, Path: "/link", Secret: true, Do: s.linkForm, Anywhere: true},
		{Method: http.MethodPost, Path: "/link/finish", Do: s.linkFinishForm, Anywhere: true},
		{Method: http.MethodPost, Path: "/api/v1/login/link", Do: s.linkAPI},
		{Method: http.MethodPost, Path: "/api/v1/login/link/finish", Do: s.linkFinishAPI},
	}
}

// MailProof returns m as a method.MailProof, or nil if its proof does not come by mail.
func MailProof(m *method.Configured) method.MailProof {
	proof, _ := m.Method.(method.MailProof)
	return proof
}

// linkMethod returns the configured method for email sign-in, or nil.
func (s *forms) linkMethod() *method.Configured {
	for i := range s.methods {
		if MailProof(&s.methods[i]) != nil {
			return &s.methods[i]
		}
	}
	return nil
}

// linkMethodFor returns the method for email sign-in. It answers not found where email sign-in cannot work.
func (s *links) linkMethodFor(c *web.Call) (*method.Configured, error) {
	m := s.forms.linkMethod()
	if m == nil || !s.callers.Mails() {
		return nil, problem.NotFound
	}
	return m, s.guard.MustHTTPS(c)
}

// requestLink queues a message to the address in input.Login, known or not, and keeps the pending sign-in in the
// browser.
func (s *links) requestLink(c *web.Call, input LoginInput) (*pending, error) {
	m, err := s.linkMethodFor(c)
	if err != nil {
		return nil, err
	}
	to, err := accounts.NormalizeEmail(input.Login)
	if err != nil {
		return nil, accounts.Problem(err)
	}
	base, err := c.OwnBase()
	if err != nil {
		// This gate does not know its public address. The code works all the same, and the portal's page says so.
		if base, err = c.MailBase(); err != nil {
			return nil, err
		}
	}
	state, ref, err := MailProof(m).Ask()
	if err != nil {
		return nil, err
	}
	if err := s.guard.RequestMail(c, message.Link, to, message.Payload{Base: base, Ref: ref}); err != nil {
		return nil, err
	}
	pend := &pending{Method: m.Name, Login: to, State: state, To: input.To, Flow: input.Flow, Remember: input.Remember,
		Begun: true}
	_, err = s.pendings.keepPending(c, pend)
	return pend, err
}

// WriteLink completes the message, or returns nil if the request has expired.
func (s *links) WriteLink(
	ctx context.Context, l *message.Message, u *store.User, requested time.Time, a *message.Payload,
) (*message.Message, error) {
	m, until := s.forms.linkMethod(), requested.Add(LinkLife)
	if m == nil || !s.now().Before(until) {
		return nil, nil
	}
	token, code, err := MailProof(m).Write(ctx, u, a.Ref, until)
	if err != nil {
		return nil, err
	}
	l.Link, l.Code = a.Base+"/link?token="+url.QueryEscape(token), code
	return l, nil
}

// countLinkGuess counts a guess at the messages of one request. Too many void them; there is nothing to wait for.
func (g *Guess) countLinkGuess(state []byte) error {
	err := g.Count("letter guess", string(state), settings.Limit{Count: LinkGuesses, Window: LinkLife})
	if err != nil && !problem.IsFault(err) {
		return problem.InvalidCode
	}
	return err
}

// finishLink signs in by the field "token" (the link) or "code" of a message.
func (s *links) finishLink(c *web.Call, fields map[string]string) (*LoginResult, error) {
	m, err := s.linkMethodFor(c)
	if err != nil {
		return nil, err
	}
	var candidates []*pending
	if fields["token"] != "" {
		if candidates, err = s.pendingByToken(c, m, fields["token"]); err != nil {
			return nil, err
		}
	} else if candidates = s.pendingByCode(c, m, fields["step"]); len(candidates) == 0 {
		return nil, s.refuseUnmatched(c, m, problem.InvalidCode, "no letter was asked for here")
	}
	var result *LoginResult
	for _, pend := range candidates {
		result, err = s.dispatcher.signIn(c, linkInput(pend, fields))
		if !errors.Is(err, problem.InvalidCode) {
			return result, err
		}
	}
	if fields["token"] != "" {
		return nil, problem.InvalidLink
	}
	return nil, err
}

// linkInput is the next step of a sign-in by email. The form's return URL takes precedence over that of the request.
func linkInput(pend *pending, fields map[string]string) LoginInput {
	input := LoginInput{Method: pend.Method, Step: pend.Token, To: pend.To, Flow: pend.Flow, Remember: pend.Remember,
		Field: func(name string) string { return fields[name] }}
	if fields["to"] != "" || fields["flow"] != "" {
		input.To, input.Flow = fields["to"], fields["flow"]
	}
	return input
}

// pendingByToken returns this browser's pending sign-in that a link belongs to.
func (s *links) pendingByToken(c *web.Call, m *method.Configured, token string) ([]*pending, error) {
	if _, ok := MailProof(m).Address(token); !ok {
		return nil, s.refuseUnmatched(c, m, problem.InvalidLink, "forged or old")
	}
	for _, pend := range s.pendings.allPending(c) {
		if pend.Method == m.Name && MailProof(m).Fits(token, pend.State) {
			return []*pending{pend}, nil
		}
	}
	return nil, s.refuseUnmatched(c, m, errOtherBrowser, "another browser")
}

// pendingByCode returns the pending sign-ins of this browser that a code may belong to: the one that the form names or
// else the latest, then others for the same address. A person who requested two messages may have either open. Each one
// tried is a guess.
func (s *links) pendingByCode(c *web.Call, m *method.Configured, step string) (list []*pending) {
	all := slices.DeleteFunc(s.pendings.allPending(c), func(p *pending) bool { return p.Method != m.Name })
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

// refuseUnmatched counts and records an attempt that matches no request of this browser.
func (s *links) refuseUnmatched(c *web.Call, m *method.Configured, outcome *problem.Problem, reason string) error {
	if _, err := s.guard.Guess(c, ""); err != nil {
		return err
	}
	s.dispatcher.emitRefusal(c, nil, m.Name, reason)
	return outcome
}
