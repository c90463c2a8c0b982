package signin

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	deviceCookieLife  = 180 * 24 * time.Hour
	deviceCookieRenew = 30 * 24 * time.Hour // a mark younger than this is not written again
	DeviceCookiesKept = 10                  // marks of one account; the oldest goes first
)

// deviceID is what the store keeps of a browser's mark: its SHA-256 together with the account. One mark serves all who
// sign in from that browser, and what is stored for one account says nothing about another.
func deviceID(secret []byte, account string) string {
	h := sha256.New()
	h.Write([]byte("gatehouse known browser "))
	h.Write(secret)
	h.Write([]byte(account))
	return hex.EncodeToString(h.Sum(nil))
}

// deviceCookie reports whether this browser signed in to the account before. The look-up is the same for accounts that
// do not exist. It opens nothing: all it gives is a counter of its own.
func (s *callers) deviceCookie(c *web.Call, account string) (string, bool, error) {
	secret, ok := s.browserCookie(c, web.CookieDevice)
	if !ok {
		return "", false, nil
	}
	id := deviceID(secret, account)
	k, err := s.users.Credential(c.Ctx(), store.KindKnownBrowser, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("looking for a known browser: %w", err)
	}
	return id, k.Owner == account && s.now().Before(k.Expires), nil
}

// KeepDeviceCookie leaves the mark in the browser that has just signed in. It is a convenience: where it fails, the
// sign-in stands.
func (s *callers) KeepDeviceCookie(c *web.Call, u *store.User) {
	if err := s.putDeviceCookie(c, u); err != nil {
		s.log.WarnContext(c.Ctx(), "could not remember a browser", "user_id", u.ID, "error", err)
	}
}

func (s *callers) putDeviceCookie(c *web.Call, u *store.User) error {
	now := s.now()
	secret, ok := s.browserCookie(c, web.CookieDevice)
	if !ok {
		var err error
		if secret, err = s.web.Secret(web.MarkBytes); err != nil {
			return err
		}
	}
	k := store.Credential{Kind: store.KindKnownBrowser, ID: deviceID(secret, u.ID), Owner: u.ID, Created: now, Used: now,
		Expires: now.Add(deviceCookieLife), Label: problem.Bounded(c.Request.UserAgent(), 100)}
	if stored, err := s.accounts.RememberBrowser(c.Ctx(), k, deviceCookieRenew, DeviceCookiesKept); err != nil || !stored {
		return err
	}
	c.SetCookie(web.CookieDevice, web.Secret64.EncodeToString(secret), deviceCookieLife)
	return nil
}
