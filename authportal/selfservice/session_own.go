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

// ownSessions returns the caller's parent sessions. The child sessions of single hosts begin and end with them.
func (s *profile) ownSessions(c *web.Call, live *store.ActiveSession) ([]pages.Session, error) {
	list, err := s.sessions.SessionsOf(c.Ctx(), live.Session.UserID)
	if err != nil {
		return nil, fmt.Errorf("listing sessions: %w", err)
	}
	out := make([]pages.Session, 0, len(list))
	for i := range list {
		session := &list[i]
		out = append(out, pages.Session{
			ID: session.ID, Host: session.Host, Address: session.Address, Device: session.Device,
			Created: session.Created, LastSeen: session.LastSeen, Remembered: session.Remembered,
			Current: session.ID == live.Session.RootID(),
		})
	}
	return out, nil
}

// sessionsAPI handles GET sessions.
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

// ownSessionJSON returns a session as its owner may read it; live is the session of the request.
func ownSessionJSON(s *store.Session, live *store.ActiveSession) map[string]any {
	one := signin.SessionJSON(s)
	one["last_seen"], one["host"] = accounts.Stamp(s.LastSeen), s.Host
	one["address"], one["device"] = s.Address, s.Device
	one["current"] = s.ID == live.Session.RootID()
	return one
}

// endSession ends one of the caller's sessions. The id of another user's session is not found, like an unknown one.
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
	c.Emit(audit.Event{Kind: audit.EventSessionEnd, Result: audit.ResultOK, Reason: "owner",
		UserID: live.Session.UserID, Username: live.Identity.Username, Session: id})
	if id == live.Session.RootID() {
		s.signin.ClearSession(c)
	}
	return nil
}

// endOthers ends all of the caller's sessions except the one of the request.
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

// endSessionAPI handles DELETE sessions/{id}.
func (s *profile) endSessionAPI(c *web.Call) error {
	if err := s.endSession(c, c.Arg); err != nil {
		return err
	}
	return c.NoContent()
}

// endOthersAPI handles DELETE sessions.
func (s *profile) endOthersAPI(c *web.Call) error {
	if err := s.endOthers(c); err != nil {
		return err
	}
	return c.NoContent()
}

// sessionsForm ends the session "id", or all others if "others" is set.
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
			return s.accountDone(c, "session") // if it was this session, the page redirects to the login page
		}
	}
	return s.accountFailed(c, err, nil)
}
