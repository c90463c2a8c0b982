package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// secretLife is how long a remembered session keeps a secret: a daily visitor gets a new one every day.
const secretLife = 12 * time.Hour

// DueSecret reports whether the session should be offered its next secret now. A secret that was offered and not yet
// used, or that has just taken over, is given time.
func (s *callers) DueSecret(session *store.Session) bool {
	now := s.now()
	return session.Remembered && session.Until.IsZero() && session.SecretAge(now) >= secretLife && session.MayOffer(now)
}

// NextSecret offers a session its next secret and returns the cookie with it, or nil if another response is already
// doing so. The cookie may only go into a response that no shared cache stores. It expires with the session, whose life
// a new secret never extends.
func (s *callers) NextSecret(ctx context.Context, session *store.Session, secure bool) (*http.Cookie, error) {
	secret, err := s.web.Secret(web.SecretBytes)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.sessionWait)
	defer cancel()
	switch err := s.sessions.OfferSecret(ctx, session.UserID, session.Key, store.KeyOf(secret)); {
	case errors.Is(err, store.ErrStale), errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("offering the next secret: %w", err)
	}
	return web.NewCookie(web.CookieSession, web.Secret64.EncodeToString(secret), session.Expires.Sub(s.now()),
		secure), nil
}

// offerNextSecret sends the next secret in responses to navigations and to `GET session`. Other requests come in
// bursts, and their clients may not keep cookies.
func (s *callers) offerNextSecret(c *web.Call, active *store.ActiveSession) {
	if active == nil || !s.DueSecret(&active.Session) || c.Request.Method != http.MethodGet {
		return
	}
	if c.API && c.Visit.Path != "/api/v1/session" || !c.API && !s.navigates(c) {
		return
	}
	cookie, err := s.NextSecret(c.Ctx(), &active.Session, c.Visit.Secure)
	if err != nil {
		s.log.WarnContext(c.Ctx(), "offering the next secret failed", "user_id", active.Session.UserID, "error", err)
		return
	}
	if cookie != nil {
		c.PutCookie(cookie)
	}
}

// navigates reports whether the browser shows the response as a page.
func (s *callers) navigates(c *web.Call) bool {
	mode, dest := c.Request.Header.Get("Sec-Fetch-Mode"), c.Request.Header.Get("Sec-Fetch-Dest")
	return (mode == "" || mode == "navigate") && (dest == "" || dest == "document")
}

// SessionTheft records that a session was ended because an old secret of it was used: a copy of the cookie exists. addr
// and host are those of the request, which may come from the owner or the thief. It also notifies the owner.
func (s *callers) SessionTheft(ctx context.Context, active *store.ActiveSession, addr netip.Addr, host string) {
	e := audit.Event{Kind: audit.EventSessionTheft, Result: audit.ResultRefused, Reason: "an old secret was shown",
		UserID: active.Session.UserID, Username: active.Identity.Username, Session: active.Session.RootID(),
		Host: host, Time: s.now()}
	if addr.IsValid() {
		e.Address = addr.Unmap().WithZone("").String()
	}
	ctx = context.WithoutCancel(ctx)
	s.events.Emit(ctx, e)
	if !s.Mails() || active.Identity.Email == "" { // an unconfirmed address may be a stranger's
		return
	}
	payload := message.Payload{User: active.Session.UserID}
	if err := s.accounts.Post(ctx, message.Theft, active.Identity.Email, payload); err != nil {
		s.log.WarnContext(ctx, "queueing the notice of a copied session failed", "user_id", active.Session.UserID,
			"error", err)
	}
}
