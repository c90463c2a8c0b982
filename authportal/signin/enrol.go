package signin

import (
	"fmt"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// added is a credential that was just added to the signed-in account.
type added struct {
	Kind, ID string
	ShowOnce []string // secrets that are shown only now
}

// BeginAdding begins to add an outside identity (method.Link) or a credential of a method (method.Enrol) to the
// signed-in account. It requires a recent login.
func (s *dispatcher) BeginAdding(c *web.Call, purpose method.Purpose, name string) (*LoginResult, error) {
	if err := s.guard.MustHTTPS(c); err != nil {
		return nil, err
	}
	active, err := s.callers.MustFresh(c)
	if err != nil {
		return nil, err
	}
	_, u, err := s.callers.MustUser(c)
	if err != nil {
		return nil, err
	}
	m := s.method(name)
	if m == nil || name == "" {
		return nil, problem.NotFound
	}
	if _, ok := m.Method.(method.Enroller); !ok && purpose == method.Enrol {
		return nil, problem.NotFound
	}
	pend := &pending{Purpose: purpose, Method: m.Name, User: u.ID, Version: u.Version, Session: active.Session.RootID()}
	return s.step(c, LoginInput{Method: m.Name}, m, pend, s.flows.ParseLoginRequest(c, "", ""))
}

// ContinueAdding takes the next step of what BeginAdding began.
func (s *dispatcher) ContinueAdding(c *web.Call, input LoginInput) (*LoginResult, error) {
	if err := s.guard.MustHTTPS(c); err != nil {
		return nil, err
	}
	pend, request := s.pendings.findPending(c, input.Step), s.flows.ParseLoginRequest(c, "", "")
	if pend == nil || !pend.adds() || pend.AtProvider {
		return nil, problem.StepExpired
	}
	if err := s.checkSession(c, pend, request); err != nil {
		return nil, err
	}
	input.Method = pend.Method
	return s.proceed(c, input, pend, request)
}

// enrolled stores the credential that a method made for the signed-in account.
func (s *dispatcher) enrolled(
	c *web.Call, m *method.Configured, pend *pending, enrolled method.Enrolled,
) (*LoginResult, error) {
	enroller, ok := m.Method.(method.Enroller)
	cred := enrolled.Credential
	switch {
	case pend.Purpose != method.Enrol || !ok:
		return nil, fmt.Errorf("signing in by %s: got a credential while not enrolling", m.Name)
	case cred.ID == "" || cred.Kind != enroller.CredentialKind():
		return nil, fmt.Errorf("enrolling by %s: the credential kind %q is not the method's", m.Name, cred.Kind)
	}
	cred.Owner, cred.Created = pend.User, s.now()
	if err := s.accounts.AddCredential(c.Ctx(), cred); err != nil {
		return nil, err
	}
	s.pendings.dropPending(c, pend.Token)
	return &LoginResult{Added: &added{Kind: cred.Kind, ID: cred.ID, ShowOnce: enrolled.ShowOnce}}, nil
}
