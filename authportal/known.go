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
	knownLife  = 180 * 24 * time.Hour
	knownRenew = 30 * 24 * time.Hour // a mark younger than this is not written again
	knownKept  = 10                  // marks of one account; the oldest goes first
)

// knownID is what the store keeps of a browser's mark: its SHA-256 together with the account. One mark serves all who sign in
// from that browser, and what is stored for one account says nothing about another.
func knownID(mark []byte, account string) string {
	h := sha256.New()
	h.Write([]byte("gatehouse known browser "))
	h.Write(mark)
	h.Write([]byte(account))
	return hex.EncodeToString(h.Sum(nil))
}

// knownBrowser reports whether this browser signed in to the account before. The look-up is the same for accounts that do
// not exist. It opens nothing: all it gives is a counter of its own.
func (c *call) knownBrowser(account string) (string, bool, error) {
	mark, ok := c.haveMark(cookieKnown)
	if !ok {
		return "", false, nil
	}
	id := knownID(mark, account)
	k, err := c.p.users.Credential(c.ctx(), store.KindKnownBrowser, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("looking for a known browser: %w", err)
	}
	return id, k.Owner == account && c.p.now().Before(k.Expires), nil
}

// rememberBrowser leaves the mark in the browser that has just signed in. It is a convenience: where it fails, the
// sign-in stands.
func (c *call) rememberBrowser(u *store.User) {
	if err := c.markBrowser(u); err != nil {
		c.p.log.WarnContext(c.ctx(), "could not remember a browser", "user_id", u.ID, "error", err)
	}
}

func (c *call) markBrowser(u *store.User) error {
	now := c.p.now()
	mark, ok := c.haveMark(cookieKnown)
	if !ok {
		var err error
		if mark, err = c.p.secret(markBytes); err != nil {
			return err
		}
	}
	k := store.Credential{Kind: store.KindKnownBrowser, ID: knownID(mark, u.ID), Owner: u.ID, Created: now, Used: now,
		Expires: now.Add(knownLife), Label: bounded(c.r.UserAgent(), 100)}
	if stored, err := c.p.accounts.RememberBrowser(c.ctx(), k, knownRenew, knownKept); err != nil || !stored {
		return err
	}
	c.setCookie(cookieKnown, secret64.EncodeToString(mark), knownLife)
	return nil
}
