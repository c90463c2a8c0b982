package authportal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	deviceCookieLife  = 180 * 24 * time.Hour
	deviceCookieRenew = 30 * 24 * time.Hour // a mark younger than this is not written again
	deviceCookiesKept = 10                  // marks of one account; the oldest goes first
)

// deviceID is what the store keeps of a browser's mark: its SHA-256 together with the account. One mark serves all who
// sign in from that browser, and what is stored for one account says nothing about another.
func deviceID(mark []byte, account string) string {
	h := sha256.New()
	h.Write([]byte("gatehouse known browser "))
	h.Write(mark)
	h.Write([]byte(account))
	return hex.EncodeToString(h.Sum(nil))
}

// deviceCookie reports whether this browser signed in to the account before. The look-up is the same for accounts that
// do not exist. It opens nothing: all it gives is a counter of its own.
func (c *call) deviceCookie(account string) (string, bool, error) {
	mark, ok := c.haveMark(cookieDevice)
	if !ok {
		return "", false, nil
	}
	id := deviceID(mark, account)
	k, err := c.p.users.Credential(c.ctx(), store.KindKnownBrowser, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("looking for a known browser: %w", err)
	}
	return id, k.Owner == account && c.p.now().Before(k.Expires), nil
}

// keepDeviceCookie leaves the mark in the browser that has just signed in. It is a convenience: where it fails, the
// sign-in stands.
func (c *call) keepDeviceCookie(u *store.User) {
	if err := c.putDeviceCookie(u); err != nil {
		c.p.log.WarnContext(c.ctx(), "could not remember a browser", "user_id", u.ID, "error", err)
	}
}

func (c *call) putDeviceCookie(u *store.User) error {
	now := c.p.now()
	mark, ok := c.haveMark(cookieDevice)
	if !ok {
		var err error
		if mark, err = c.p.secret(markBytes); err != nil {
			return err
		}
	}
	k := store.Credential{Kind: store.KindKnownBrowser, ID: deviceID(mark, u.ID), Owner: u.ID, Created: now, Used: now,
		Expires: now.Add(deviceCookieLife), Label: bounded(c.r.UserAgent(), 100)}
	have, err := c.p.users.CredentialsOf(c.ctx(), u.ID, store.KindKnownBrowser)
	if err != nil {
		return err
	}
	for _, o := range have {
		if o.ID == k.ID && o.Expires.Sub(now) > deviceCookieLife-deviceCookieRenew {
			return nil
		}
	}
	if err := c.p.users.PutCredential(c.ctx(), k); err != nil {
		return err
	}
	// Oldest first: what goes beyond the number goes.
	for i := 0; i < len(have)-deviceCookiesKept+1; i++ {
		if have[i].ID == k.ID {
			continue
		}
		if err := c.p.users.DeleteCredential(c.ctx(), store.KindKnownBrowser, have[i].ID); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	c.setCookie(cookieDevice, secret64.EncodeToString(mark), deviceCookieLife)
	return nil
}
