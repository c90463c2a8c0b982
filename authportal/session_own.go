package authportal

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// A person's sessions are their sign-ins: the sessions of single hosts come and go with them.

func (c *call) ownSessions(live *store.ActiveSession) ([]pages.Session, error) {
	list, err := c.p.sessions.SessionsOf(c.ctx(), live.Session.UserID)
	if err != nil {
		return nil, fmt.Errorf("listing sessions: %w", err)
	}
	out := make([]pages.Session, 0, len(list))
	for i := range list {
		s := &list[i]
		out = append(out, pages.Session{ID: s.ID, Host: s.Host, Address: s.Address, Device: s.Device, Created: s.Created, LastSeen: s.LastSeen,
			Remembered: s.Remembered, Current: s.ID == live.Session.RootID()})
	}
	return out, nil
}

// sessionsAPI answers GET sessions.
func (c *call) sessionsAPI() error {
	live, err := c.mustSession()
	if err != nil {
		return err
	}
	list, err := c.p.sessions.SessionsOf(c.ctx(), live.Session.UserID)
	if err != nil {
		return fmt.Errorf("listing sessions: %w", err)
	}
	out := make([]map[string]any, 0, len(list))
	for i := range list {
		out = append(out, ownSessionJSON(&list[i], live))
	}
	return c.json(http.StatusOK, map[string]any{"sessions": out})
}

// ownSessionJSON is a sign-in as its owner reads it; live is the one that asks.
func ownSessionJSON(s *store.Session, live *store.ActiveSession) map[string]any {
	one := sessionJSON(s)
	one["last_seen"], one["host"], one["address"], one["device"] = stamp(s.LastSeen), s.Host, s.Address, s.Device
	one["current"] = s.ID == live.Session.RootID()
	return one
}

// endSession ends one sign-in of the caller. The id of somebody else's is as unknown as one that never was.
func (c *call) endSession(id string) error {
	live, err := c.mustSession()
	if err != nil {
		return err
	}
	switch err := c.p.sessions.EndSession(c.ctx(), live.Session.UserID, id); {
	case errors.Is(err, store.ErrNotFound):
		return problem.NotFound
	case err != nil:
		return fmt.Errorf("ending a session: %w", err)
	}
	c.emit(Event{Kind: EventSessionEnd, Result: ResultOK, Reason: "owner", UserID: live.Session.UserID, Username: live.Identity.Username, Session: id})
	if id == live.Session.RootID() {
		c.clearSession()
	}
	return nil
}

// endOthers ends every sign-in of the caller but the one that asks.
func (c *call) endOthers() error {
	live, err := c.mustSession()
	if err != nil {
		return err
	}
	n, err := c.p.sessions.EndSessionsOf(c.ctx(), live.Session.UserID, live.Session.RootID())
	if err != nil {
		return fmt.Errorf("ending sessions: %w", err)
	}
	if n > 0 {
		c.emit(Event{Kind: EventSessionEnd, Result: ResultOK, Reason: "owner, all others",
			UserID: live.Session.UserID, Username: live.Identity.Username})
	}
	return nil
}

// endSessionAPI answers DELETE sessions/{id}.
func (c *call) endSessionAPI() error {
	if err := c.endSession(c.arg); err != nil {
		return err
	}
	return c.noContent()
}

// endOthersAPI answers DELETE sessions.
func (c *call) endOthersAPI() error {
	if err := c.endOthers(); err != nil {
		return err
	}
	return c.noContent()
}

// sessionsForm ends the sign-in named by "id", or all others where "others" is set.
func (c *call) sessionsForm() error {
	f, err := c.formFields("id", "others")
	switch {
	case err != nil:
	case f["others"] != "":
		if err = c.endOthers(); err == nil {
			return c.accountDone("sessions")
		}
	default:
		if err = c.endSession(f["id"]); err == nil {
			return c.accountDone("session") // who ended their own is asked to sign in there
		}
	}
	return c.accountFailed(err, nil)
}
