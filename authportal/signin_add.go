package authportal

import (
	"fmt"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// added is a credential that the owner of an account has just been given.
type added struct {
	Kind, ID string
	ShowOnce []string // secrets to be shown now and never again
}

// beginAdding begins to add something to the account that is signed in, by a sign-in of the last ten minutes: an
// outside identity (method.Link), or a credential of the method's own (method.Enrol).
func (c *call) beginAdding(purpose method.Purpose, name string) (*outcome, error) {
	if err := c.mustHTTPS(); err != nil {
		return nil, err
	}
	live, err := c.mustFresh()
	if err != nil {
		return nil, err
	}
	_, u, err := c.mustUser()
	if err != nil {
		return nil, err
	}
	m := c.p.method(name)
	if m == nil || name == "" {
		return nil, problem.NotFound
	}
	if _, ok := m.Method.(method.Enroller); !ok && purpose == method.Enrol {
		return nil, problem.NotFound
	}
	pend := &pending{Purpose: purpose, Method: m.Name, User: u.ID, Version: u.Version, Session: live.Session.RootID()}
	return c.step(try{Method: m.Name}, m, pend, c.intent("", ""))
}

// goOnAdding takes the next step of what beginAdding began.
func (c *call) goOnAdding(t try) (*outcome, error) {
	if err := c.mustHTTPS(); err != nil {
		return nil, err
	}
	pend, in := c.openPending(t.Step), c.intent("", "")
	if pend == nil || !pend.adds() || pend.Away {
		return nil, problem.StepExpired
	}
	if err := c.continues(pend, in); err != nil {
		return nil, err
	}
	t.Method = pend.Method
	return c.goOn(t, pend, in)
}

// enrolled stores the credential that a method has made for the account that is signed in.
func (c *call) enrolled(m *method.Configured, pend *pending, s method.Enrolled) (*outcome, error) {
	enroller, ok := m.Method.(method.Enroller)
	cred := s.Credential
	switch {
	case pend.Purpose != method.Enrol || !ok:
		return nil, fmt.Errorf("signing in by %s: a credential where none was to be enrolled", m.Name)
	case cred.ID == "" || cred.Kind != enroller.CredentialKind():
		return nil, fmt.Errorf("enrolling by %s: a credential of the kind %q, which is not the method's", m.Name, cred.Kind)
	}
	cred.Owner, cred.Created = pend.User, c.p.now()
	if err := c.p.accounts.AddCredential(c.ctx(), cred); err != nil {
		return nil, err
	}
	c.dropPending(pend.Token)
	return &outcome{Added: &added{Kind: cred.Kind, ID: cred.ID, ShowOnce: s.ShowOnce}}, nil
}
