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

// Guess is one counted try at a secret.
type Guess struct {
	s        *guard
	c        *web.Call
	counters []string
}

// NewGuess returns a guess that is not counted yet.
func (s *guard) NewGuess(c *web.Call) *Guess { return &Guess{s: s, c: c} }

// Guess counts a try at a secret of the account before anything is checked, so that a burst of parallel tries gets no
// more than the limit: by account and by address, in the store that all gateways share. Where there is no room it is
// the problem too_many_attempts, for a right secret as for a wrong one. Where nothing can be counted nothing is
// checked.
//
// account is the id of the user, or whatever was typed, in its normal spelling, where there is none; empty where the
// try is at no account in particular. A browser that signed in to this account before has a counter of its own, so that
// strangers who use up the account's cannot shut its owner out.
func (s *guard) Guess(c *web.Call, account string) (*Guess, error) {
	g := s.NewGuess(c)
	if err := g.Count("address", AddressBlock(c.Visit.Addr), s.settings.Address); err != nil {
		return nil, err
	}
	if account == "" {
		return g, nil
	}
	name := "account"
	mark, known, err := s.callers.deviceCookie(c, account)
	if err != nil {
		return nil, err
	}
	if known {
		name, account = "browser", mark
	}
	if err := g.Count(name, account, s.settings.Account); err != nil {
		return nil, err
	}
	return g, nil
}

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

// GiveBack takes the try back: it was right, or nothing came of it because we failed.
func (g *Guess) GiveBack() {
	if g == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(g.c.Ctx()), 2*time.Second)
	defer cancel()
	for _, name := range g.counters {
		if err := g.s.sessions.Release(ctx, name); err != nil {
			g.s.log.WarnContext(ctx, "could not give a guess back", "error", err)
		}
	}
	g.counters = nil
}

// CounterName hides what was typed, and bounds it: people type passwords into the wrong field.
func CounterName(kind, of string) string {
	h := sha256.Sum256([]byte("gatehouse guess " + kind + " " + of))
	return kind + ":" + base64.RawURLEncoding.EncodeToString(h[:18])
}

// AddressBlock is what one customer of a network has: an IPv4 address, an IPv6 /64. Written in IPv6, an IPv4 address is
// still the same.
func AddressBlock(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	switch {
	case !a.IsValid():
		return "unknown" // all who cannot be told apart share one
	case a.Is4():
		return a.String()
	}
	block, err := a.Prefix(64)
	if err != nil {
		return "unknown"
	}
	return block.String()
}
