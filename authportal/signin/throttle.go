package signin

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/netip"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/settings"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// Guess is one counted attempt at a secret.
type Guess struct {
	s        *guard
	c        *web.Call
	counters []string
}

// NewGuess returns a guess that is not counted yet.
func (s *guard) NewGuess(c *web.Call) *Guess { return &Guess{s: s, c: c} }

// Guess counts an attempt at a secret before anything is checked, so that parallel attempts get no more than the limit.
// It counts by account and by network address, in the store that all gateways share. Beyond the limit it returns the
// problem too_many_attempts, for a right secret as for a wrong one. If counting fails, nothing may be checked.
//
// account is the id of the user or, for an unknown one, the normalized input; empty if the attempt is at no account in
// particular. A browser with a device cookie of the account has a counter of its own, so that strangers who exhaust the
// account's cannot lock its owner out (OWASP, device cookies).
func (s *guard) Guess(c *web.Call, account string) (*Guess, error) {
	g := s.NewGuess(c)
	if err := g.Count("address", AddressBlock(c.Visit.Addr), s.settings.Address); err != nil {
		return nil, err
	}
	if account == "" {
		return g, nil
	}
	name := "account"
	device, known, err := s.callers.deviceCookie(c, account)
	if err != nil {
		return nil, err
	}
	if known {
		name, account = "browser", device
	}
	if err := g.Count(name, account, s.settings.Account); err != nil {
		return nil, err
	}
	return g, nil
}

// Count counts the guess in one more counter, or returns the problem too_many_attempts.
func (g *Guess) Count(kind, of string, l settings.Limit) error {
	name := CounterName(kind, of)
	ok, left, err := g.s.sessions.Count(g.c.Ctx(), name, l.Count, l.Window)
	if err != nil {
		return fmt.Errorf("counting a guess: %w", err)
	}
	if !ok {
		p := *problem.TooMany
		p.RetryAfter = max(left, time.Second)
		return &p
	}
	g.counters = append(g.counters, name)
	return nil
}

// GiveBack releases the guess: it was right, or an internal failure left it unchecked.
func (g *Guess) GiveBack() {
	if g == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(g.c.Ctx()), 2*time.Second)
	defer cancel()
	for _, name := range g.counters {
		if err := g.s.sessions.Release(ctx, name); err != nil {
			g.s.log.WarnContext(ctx, "releasing a guess failed", "error", err)
		}
	}
	g.counters = nil
}

// CounterName hashes the input, which may be a password typed into the wrong field, and bounds its length.
func CounterName(kind, of string) string {
	h := sha256.Sum256([]byte("gatehouse guess " + kind + " " + of))
	return kind + ":" + base64.RawURLEncoding.EncodeToString(h[:18])
}

// AddressBlock returns what one network customer has: an IPv4 address, also if written as IPv6, or an IPv6 /64.
func AddressBlock(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	switch {
	case !a.IsValid():
		return "unknown" // all unknown addresses share one
	case a.Is4():
		return a.String()
	}
	block, err := a.Prefix(64)
	if err != nil {
		return "unknown"
	}
	return block.String()
}
