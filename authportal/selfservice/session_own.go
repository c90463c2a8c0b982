package selfservice

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// A person's sessions are their sign-ins: the sessions of single hosts come and go with them.

func (s *profile) ownSessions(c *web.Call, live *store.ActiveSession) ([]pages.Session, error) {
	list, err := s.sessions.SessionsOf(c.Ctx(), live.Session.UserID)
	if err != nil {
		return nil, fmt.Errorf("listing sessions: %w", err)
	}
	out := make([]pages.Session, 0, len(list))
	for i := range list {
		session := &list[i]
		out = append(out, pages.Session{ID: session.ID, Host: session.Host, Address: session.Address, Device: session.Device, Created: session.Created, LastSeen: session.LastSeen,
			Remembered: session.Remembered, Current: session.ID == live.Session.RootID()})
	}
	return out, nil
}

// sessionsAPI answers GET sessions.
func (s *profile) sessionsAPI(c *web.Call) error {
	live, err := s.signin.MustSession(c)
	if err != nil {
		return err
	}
	list, err := s.sessions.SessionsOf(c.Ctx(), live.Session.UserID)
	if err != nil {
		return fmt.Errorf("listing sessions: %w", err)
	}
	out := make([]map[string]any, 0, len(list))
	for i := range list {
		out = append(out, ownSessionJSON(&list[i], live))
	}
	return c.JSON(http.StatusOK, map[string]any{"sessions": out})
}

// ownSessionJSON is a sign-in as its owner reads it; live is the one that asks.
func ownSessionJSON(s *store.Session, live *store.ActiveSession) map[string]any {
	one := signin.SessionJSON(s)
	one["last_seen"], one["host"], one["address"], one["device"] = accounts.Stamp(s.LastSeen), s.Host, s.Address, s.Device
	one["current"] = s.ID == live.Session.RootID()
	return one
}

// endSession ends one sign-in of the caller. The id of somebody else's is as unknown as one that never was.
func (s *profile) endSession(c *web.Call, id string) error {
	live, err := s.signin.MustSession(c)
	if err != nil {
		return err
	}
	switch err := s.sessions.EndSession(c.Ctx(), live.Session.UserID, id); {
	case errors.Is(err, store.ErrNotFound):
		return problem.NotFound
	case err != nil:
		return fmt.Errorf("ending a session: %w", err)
	}
	c.Emit(audit.Event{Kind: audit.EventSessionEnd, Result: audit.ResultOK, Reason: "owner", UserID: live.Session.UserID, Username: live.Identity.Username, Session: id})
	if id == live.Session.RootID() {
		s.signin.ClearSession(c)
	}
	return nil
}

// endOthers ends every sign-in of the caller but the one that asks.
func (s *profile) endOthers(c *web.Call) error {
	live, err := s.signin.MustSession(c)
	if err != nil {
		return err
	}
	n, err := s.sessions.EndSessionsOf(c.Ctx(), live.Session.UserID, live.Session.RootID())
	if err != nil {
		return fmt.Errorf("ending sessions: %w", err)
	}
	if n > 0 {
		c.Emit(audit.Event{Kind: audit.EventSessionEnd, Result: audit.ResultOK, Reason: "owner, all others",
			UserID: live.Session.UserID, Username: live.Identity.Username})
	}
	return nil
}

// endSessionAPI answers DELETE sessions/{id}.
func (s *profile) endSessionAPI(c *web.Call) error {
	if err := s.endSession(c, c.Arg); err != nil {
		return err
	}
	return c.NoContent()
}

// endOthersAPI answers DELETE sessions.
func (s *profile) endOthersAPI(c *web.Call) error {
	if err := s.endOthers(c); err != nil {
		return err
	}
	return c.NoContent()
}

// sessionsForm ends the sign-in named by "id", or all others where "others" is set.
func (s *profile) sessionsForm(c *web.Call) error {
	f, err := c.FormFields("id", "others")
	switch {
	case err != nil:
	case f["others"] != "":
		if err = s.endOthers(c); err == nil {
			return s.accountDone(c, "sessions")
		}
	default:
		if err = s.endSession(c, f["id"]); err == nil {
			return s.accountDone(c, "session") // who ended their own is asked to sign in there
		}
	}
	return s.accountFailed(c, err, nil)
}
