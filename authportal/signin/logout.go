package signin

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// signOut ends the caller's parent session with all its children, or with everywhere every session of the user, and
// clears the cookie. Signing out twice is no error. If the store fails, the cookie is kept: clearing it would only hide
// a session that is still valid.
func (s *forms) signOut(c *web.Call, everywhere bool) error {
	me, err := s.callers.Caller(c)
	if err != nil {
		return err
	}
	if me.ViaToken {
		return problem.Forbidden
	}
	if me.Live == nil {
		if _, ok := web.TheCookie(c.Request, web.CookieSession, c.Visit.Secure); ok {
			s.callers.ClearSession(c)
		}
		return nil
	}
	id, rootID := me.Live.Identity, me.Live.Session.RootID()
	if everywhere {
		_, err = s.sessions.EndSessionsOf(c.Ctx(), id.UserID, "")
	} else {
		err = s.sessions.EndSession(c.Ctx(), id.UserID, rootID)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("signing out: %w", err)
	}
	s.callers.ClearSession(c)
	c.Caller = &web.Caller{}
	e := audit.Event{Kind: audit.EventSignOut, Result: audit.ResultOK, UserID: id.UserID, Username: id.Username,
		Session: rootID}
	if everywhere {
		e.Reason = "everywhere"
	}
	c.Emit(e)
	return nil
}

// logoutPage asks for confirmation: any site can cause a GET, so it must not sign out (CSRF).
func (s *forms) logoutPage(c *web.Call) error {
	active, err := s.callers.session(c)
	if err != nil {
		return err
	}
	data := pages.LogoutData{LoginURL: c.Link("/login")}
	if active != nil {
		data.User = userOf(active)
	} else if !c.Visit.Site.Hosted && c.Visit.Site.PortalBase != "" && !c.Request.URL.Query().Has("done") {
		// Perhaps the browser still has a session at the portal, which would sign it in here again.
		return c.Redirect(c.Visit.Site.PortalBase + "/logout")
	}
	p := pages.Page{Name: pages.Logout, Data: data}
	if active == nil && c.Request.URL.Query().Get("done") == "deleted" {
		p.Notice = &pages.Message{ID: "done_deleted_own"}
	}
	return c.Page(http.StatusOK, p)
}

// logoutForm handles the sign-out form.
func (s *forms) logoutForm(c *web.Call) error {
	if err := c.Form(); err != nil {
		return err
	}
	if err := s.signOut(c, c.Request.PostForm.Get("everywhere") != ""); err != nil {
		return err
	}
	return c.Redirect(c.Link("/logout?done=1"))
}

// logoutAPI answers POST logout. An empty body counts as an empty object, unless it has the content type of a form,
// which another origin could send (CSRF).
func (s *forms) logoutAPI(c *web.Call) error {
	var body struct {
		Everywhere bool `json:"everywhere"`
	}
	if t := c.Request.Header.Get("Content-Type"); c.Request.ContentLength != 0 || t != "" && t != "application/json" {
		if err := c.Decode(&body); err != nil {
			return err
		}
	}
	if err := s.signOut(c, body.Everywhere); err != nil {
		return err
	}
	return c.NoContent()
}
