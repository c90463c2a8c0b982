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

// secretLasts is how long a remembered session keeps a secret: who comes every day then gets a new one every day.
const secretLife = 12 * time.Hour

// DueSecret reports whether the browser behind a session should be given its next secret now. One that was handed out
// and not shown yet, and one that is just taking over, are left their time.
func (s *callers) DueSecret(session *store.Session) bool {
	now := s.now()
	return session.Remembered && session.Until.IsZero() && session.SecretAge(now) >= secretLife && session.MayOffer(now)
}

// NextSecret offers a session its next secret and returns the cookie that hands it out; nil where another answer does
// so already. It may only go into an answer that no shared cache keeps. The cookie lives as long as the session: a new
// secret never makes that longer.
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
	return web.NewCookie(web.CookieSession, web.Secret64.EncodeToString(secret), session.Expires.Sub(s.now()), secure), nil
}

// offer hands out the next secret with answers to navigations and to `GET session`. Others come by the dozen at a time,
// and programs that send them may not keep cookies.
func (s *callers) offerNextSecret(c *web.Call, active *store.ActiveSession) {
	if active == nil || !s.DueSecret(&active.Session) || c.Request.Method != http.MethodGet {
		return
	}
	if c.API && c.Visit.Path != "/api/v1/session" || !c.API && !s.navigates(c) {
		return
	}
	cookie, err := s.NextSecret(c.Ctx(), &active.Session, c.Visit.Secure)
	if err != nil {
		s.log.WarnContext(c.Ctx(), "a remembered session keeps its secret for now", "user_id", active.Session.UserID, "error", err)
		return
	}
	if cookie != nil {
		c.PutCookie(cookie)
	}
}

// navigates reports whether a browser shows the answer as a page.
func (s *callers) navigates(c *web.Call) bool {
	mode, dest := c.Request.Header.Get("Sec-Fetch-Mode"), c.Request.Header.Get("Sec-Fetch-Dest")
	return (mode == "" || mode == "navigate") && (dest == "" || dest == "document")
}

// SessionTheft tells that a session was ended because an old secret of it was shown: somebody has a copy. addr and host
// are of the request that showed it, which may be the owner's or the thief's.
func (s *callers) SessionTheft(ctx context.Context, active *store.ActiveSession, addr netip.Addr, host string) {
	e := audit.Event{Kind: audit.EventSessionTheft, Result: audit.ResultRefused, Reason: "an old secret was shown", UserID: active.Session.UserID,
		Username: active.Identity.Username, Session: active.Session.RootID(), Host: host, Time: s.now()}
	if addr.IsValid() {
		e.Address = addr.Unmap().WithZone("").String()
	}
	ctx = context.WithoutCancel(ctx)
	s.events.Emit(ctx, e)
	if !s.Mails() || active.Identity.Email == "" { // an address that nobody confirmed may be anybody's
		return
	}
	if err := s.accounts.Post(ctx, message.Theft, active.Identity.Email, message.Payload{User: active.Session.UserID}); err != nil {
		s.log.WarnContext(ctx, "the owner could not be told of a copied session", "user_id", active.Session.UserID, "error", err)
	}
}
