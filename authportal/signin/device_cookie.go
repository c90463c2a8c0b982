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
	deviceCookieRenew = 30 * 24 * time.Hour // a cookie younger than this is not set again
	DeviceCookiesKept = 10                  // per account; the oldest is dropped first
)

// deviceID returns the SHA-256 of a device cookie and an account, which is all that the store keeps. One cookie serves
// every account used in that browser, and the stored ids of two accounts cannot be linked.
func deviceID(secret []byte, account string) string {
	h := sha256.New()
	h.Write([]byte("gatehouse known browser "))
	h.Write(secret)
	h.Write([]byte(account))
	return hex.EncodeToString(h.Sum(nil))
}

// deviceCookie reports whether this browser has signed in to the account before, and returns the stored id. The look-up
// is the same for accounts that do not exist. A device cookie grants nothing but a separate counter for guesses.
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
		return "", false, fmt.Errorf("reading the device cookie's record: %w", err)
	}
	return id, k.Owner == account && s.now().Before(k.Expires), nil
}

// KeepDeviceCookie sets the device cookie after a sign-in. A failure is logged and does not affect the sign-in.
func (s *callers) KeepDeviceCookie(c *web.Call, u *store.User) {
	if err := s.putDeviceCookie(c, u); err != nil {
		s.log.WarnContext(c.Ctx(), "setting a device cookie failed", "user_id", u.ID, "error", err)
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
	k := store.Credential{Kind: store.KindKnownBrowser, ID: deviceID(secret, u.ID), Owner: u.ID,
		Created: now, Used: now, Expires: now.Add(deviceCookieLife),
		Label: problem.Bounded(c.Request.UserAgent(), 100)}
	stored, err := s.accounts.RememberBrowser(c.Ctx(), k, deviceCookieRenew, DeviceCookiesKept)
	if err != nil || !stored {
		return err
	}
	c.SetCookie(web.CookieDevice, web.Secret64.EncodeToString(secret), deviceCookieLife)
	return nil
}
