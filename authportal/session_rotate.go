package authportal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// secretLasts is how long a remembered session keeps a secret: who comes every day then gets a new one every day.
const secretLasts = 12 * time.Hour

// DueSecret reports whether the browser behind a session should be given its next secret now. One that was handed out
// and not shown yet, and one that is just taking over, are left their time.
func (p *Portal) DueSecret(s *store.Session) bool {
	now := p.now()
	return s.Remembered && s.Until.IsZero() && s.SecretAge(now) >= secretLasts && s.MayOffer(now)
}

// NextSecret offers a session its next secret and returns the cookie that hands it out; nil where another answer does
// so already. It may only go into an answer that no shared cache keeps. The cookie lives as long as the session: a new
// secret never makes that longer.
func (p *Portal) NextSecret(ctx context.Context, s *store.Session, secure bool) (*http.Cookie, error) {
	secret, err := p.secret(secretBytes)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, p.wait)
	defer cancel()
	switch err := p.sessions.OfferSecret(ctx, s.UserID, s.Key, store.KeyOf(secret)); {
	case errors.Is(err, store.ErrStale), errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("offering the next secret: %w", err)
	}
	return ownCookie(cookieSession, secret64.EncodeToString(secret), s.Expires.Sub(p.now()), secure), nil
}

// offer hands out the next secret with answers to navigations and to `GET session`. Others come by the dozen at a time,
// and programs that send them may not keep cookies.
func (c *call) offer(l *store.ActiveSession) {
	if l == nil || !c.p.DueSecret(&l.Session) || c.r.Method != http.MethodGet {
		return
	}
	if c.api && c.v.Path != "/api/v1/session" || !c.api && !c.navigates() {
		return
	}
	cookie, err := c.p.NextSecret(c.ctx(), &l.Session, c.v.Secure)
	if err != nil {
		c.p.log.WarnContext(c.ctx(), "a remembered session keeps its secret for now", "user_id", l.Session.UserID, "error", err)
		return
	}
	if cookie != nil {
		c.putCookie(cookie)
	}
}

// navigates reports whether a browser shows the answer as a page.
func (c *call) navigates() bool {
	mode, dest := c.r.Header.Get("Sec-Fetch-Mode"), c.r.Header.Get("Sec-Fetch-Dest")
	return (mode == "" || mode == "navigate") && (dest == "" || dest == "document")
}

// SessionTheft tells that a session was ended because an old secret of it was shown: somebody has a copy. addr and host
// are of the request that showed it, which may be the owner's or the thief's.
func (p *Portal) SessionTheft(ctx context.Context, l *store.ActiveSession, addr netip.Addr, host string) {
	e := Event{Kind: EventSessionTheft, Result: ResultRefused, Reason: "an old secret was shown", UserID: l.Session.UserID,
		Username: l.Identity.Username, Session: l.Session.RootID(), Host: host, Time: p.now()}
	if addr.IsValid() {
		e.Address = addr.Unmap().WithZone("").String()
	}
	ctx = context.WithoutCancel(ctx)
	p.events.Emit(ctx, e)
	if !p.mails() || l.Identity.Email == "" { // an address that nobody confirmed may be anybody's
		return
	}
	if err := p.accounts.post(ctx, mailTheft, l.Identity.Email, mailPayload{User: l.Session.UserID}); err != nil {
		p.log.WarnContext(ctx, "the owner could not be told of a copied session", "user_id", l.Session.UserID, "error", err)
	}
}
