package authportal

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/netip"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// guess is one counted try at a secret.
type guess struct {
	p        *Portal
	c        *call
	counters []string
}

// guess counts a try at a secret of the account before anything is checked, so that a burst of parallel tries gets no
// more than the limit: by account and by address, in the store that all gateways share. Where there is no room it is
// the problem too_many_attempts, for a right secret as for a wrong one. Where nothing can be counted nothing is
// checked.
//
// account is the id of the user, or whatever was typed, in its normal spelling, where there is none; empty where the
// try is at no account in particular. A browser that signed in to this account before has a counter of its own, so that
// strangers who use up the account's cannot shut its owner out.
func (c *call) guess(account string) (*guess, error) {
	g := &guess{c: c, p: c.p}
	if err := g.count("address", addressBlock(c.v.Addr), c.p.set.Address); err != nil {
		return nil, err
	}
	if account == "" {
		return g, nil
	}
	name := "account"
	mark, known, err := c.deviceCookie(account)
	if err != nil {
		return nil, err
	}
	if known {
		name, account = "browser", mark
	}
	if err := g.count(name, account, c.p.set.Account); err != nil {
		return nil, err
	}
	return g, nil
}

func (g *guess) count(kind, of string, l Limit) error {
	name := counterName(kind, of)
	ok, left, err := g.p.sessions.Count(g.c.ctx(), name, l.Count, l.Window)
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

// giveBack takes the try back: it was right, or nothing came of it because we failed.
func (g *guess) giveBack() {
	if g == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(g.c.ctx()), 2*time.Second)
	defer cancel()
	for _, name := range g.counters {
		if err := g.p.sessions.Release(ctx, name); err != nil {
			g.p.log.WarnContext(ctx, "could not give a guess back", "error", err)
		}
	}
	g.counters = nil
}

// counterName hides what was typed, and bounds it: people type passwords into the wrong field.
func counterName(kind, of string) string {
	h := sha256.Sum256([]byte("gatehouse guess " + kind + " " + of))
	return kind + ":" + base64.RawURLEncoding.EncodeToString(h[:18])
}

// addressBlock is what one customer of a network has: an IPv4 address, an IPv6 /64. Written in IPv6, an IPv4 address is
// still the same.
func addressBlock(a netip.Addr) string {
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

func isLoopback(host string) bool {
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
