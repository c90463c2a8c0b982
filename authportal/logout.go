package authportal

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// signOut ends the sign-in of the caller with the sessions of every host below it, or every sign-in that the person
// has, and takes the cookie. Signing out twice is no fault. Where the store cannot be reached nobody is signed out, and no
// cookie is taken: it would only hide a session that lives on.
func (c *call) signOut(everywhere bool) error {
	me, err := c.caller()
	if err != nil {
		return err
	}
	if me.viaToken {
		return problem.Forbidden
	}
	if me.live == nil {
		if _, ok := theCookie(c.r, cookieSession, c.v.Secure); ok {
			c.clearSession()
		}
		return nil
	}
	id, signIn := me.live.Identity, me.live.Session.RootID()
	if everywhere {
		_, err = c.p.sessions.EndSessionsOf(c.ctx(), id.UserID, "")
	} else {
		err = c.p.sessions.EndSession(c.ctx(), id.UserID, signIn)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("signing out: %w", err)
	}
	c.clearSession()
	c.me = &caller{}
	e := Event{Kind: EventSignOut, Result: ResultOK, UserID: id.UserID, Username: id.Username, Session: signIn}
	if everywhere {
		e.Reason = "everywhere"
	}
	c.emit(e)
	return nil
}

// logoutPage asks before it signs out: a GET, which any page can cause, changes nothing.
func (c *call) logoutPage() error {
	live, err := c.session()
	if err != nil {
		return err
	}
	data := pages.LogoutData{LoginURL: c.link("/login")}
	if live != nil {
		data.User = userOf(live)
	} else if !c.v.Site.Hosted && c.v.Site.PortalBase != "" && !c.r.URL.Query().Has("done") {
		// Nobody is signed in here, but perhaps at the portal, from where they would be at once again.
		return c.redirect(c.v.Site.PortalBase + "/logout")
	}
	p := pages.Page{Name: pages.Logout, Data: data}
	if live == nil && c.r.URL.Query().Get("done") == "deleted" {
		p.Notice = &pages.Message{ID: "done_deleted_own"}
	}
	return c.page(http.StatusOK, p)
}

// logoutForm is the form's face of signOut.
func (c *call) logoutForm() error {
	if err := c.form(); err != nil {
		return err
	}
	if err := c.signOut(c.r.PostForm.Get("everywhere") != ""); err != nil {
		return err
	}
	return c.redirect(c.link("/logout?done=1"))
}

// logoutAPI answers POST logout. No body is an empty object, unless it comes with the type of a form, which a page of another
// origin could send.
func (c *call) logoutAPI() error {
	var body struct {
		Everywhere bool `json:"everywhere"`
	}
	if t := c.r.Header.Get("Content-Type"); c.r.ContentLength != 0 || t != "" && t != "application/json" {
		if err := c.decode(&body); err != nil {
			return err
		}
	}
	if err := c.signOut(body.Everywhere); err != nil {
		return err
	}
	return c.noContent()
}
