package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// finding is one line of the doctor's.
type finding struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// doctorTimeout bounds each look at a store.
const doctorTimeout = 5 * time.Second

// doctor answers GET /gatehouse/doctor: what works and what does not, one finding a line.
func (o *operator) doctor(r *http.Request) (any, error) {
	var list []finding
	tell := func(name string, ok bool, format string, args ...any) {
		list = append(list, finding{name, ok, fmt.Sprintf(format, args...)})
	}
	o.lookAtStores(r.Context(), tell)
	o.lookAtMail(r.Context(), tell)
	o.lookAtWebhook(r.Context(), tell)
	o.lookAtPeople(r.Context(), tell)
	o.lookAtAddresses(tell)
	healthy := !slices.ContainsFunc(list, func(f finding) bool { return !f.OK })
	return map[string]any{"healthy": healthy, "findings": list}, nil
}

type teller func(name string, ok bool, format string, args ...any)

func (o *operator) lookAtStores(ctx context.Context, tell teller) {
	lookAtStore(ctx, "users store", o.run.Users.Ping, tell)
	lookAtStore(ctx, "session store", o.run.Sessions.Ping, tell)
	if up := o.run.Sessions.Stats().Up; !o.direct {
		text := "changes of sessions are being told, the local cache is in use"
		if !up {
			text = "the session store's feed is down: every request reads the store"
		}
		tell("session feed", up, "%s", text)
	}
	o.lookAtClock(ctx, tell)
}

func lookAtStore(ctx context.Context, name string, ping func(context.Context) error, tell teller) {
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	if err := ping(limited); err != nil {
		tell(name, false, "does not answer: %v", err)
		return
	}
	tell(name, true, "answers in %s", time.Since(began).Round(10*time.Microsecond))
}

// lookAtClock finds a clock that is wrong for sure: deadlines written by one machine are judged by another.
func (o *operator) lookAtClock(ctx context.Context, tell teller) {
	now := o.run.Now()
	if passed := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); now.Before(passed) {
		tell("clock", false, "says %s, which has passed: set it", now.Format(time.RFC3339))
		return
	}
	limited, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	list, err := o.run.Users.ListUsers(limited, store.UserQuery{Limit: 1000})
	if err != nil {
		return // the store's own line has told
	}
	for _, u := range list {
		if ahead := u.LastSignIn.Sub(now); ahead > time.Minute {
			tell("clock", false, "somebody signed in %s from now: this machine's clock or that of another gateway is wrong", ahead.Round(time.Second))
			return
		}
	}
	tell("clock", true, "%s", now.UTC().Format(time.RFC3339))
}

func (o *operator) lookAtPeople(ctx context.Context, tell teller) {
	limited, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	admins, err := o.run.Users.ListUsers(limited, store.UserQuery{Role: administrator, Limit: 1000})
	if err != nil {
		return // the store's own line has told
	}
	if slices.ContainsFunc(admins, func(u store.User) bool { return u.Enabled }) {
		tell("administrator", true, "there is one")
		return
	}
	tell("administrator", false, "nobody holds the role admin: use the setup link in the log, or "+
		"`caddy gatehouse users add you@example.com --role admin`")
}

// lookAtAddresses tells how cookies travel to each address, and whether https has a certificate.
func (o *operator) lookAtAddresses(tell teller) {
	seen := make(map[Address]bool)
	for _, s := range o.app.Mounts() {
		if len(s.place.Addresses) == 0 {
			tell(s.word+" "+s.source, true, "answers on every host; no certificate to look at")
		}
		for _, a := range s.place.Addresses {
			if seen[a] {
				continue
			}
			seen[a] = true
			o.lookAtAddress(a, tell)
		}
	}
}

func (o *operator) lookAtAddress(a Address, tell teller) {
	name := "cookies " + a.String()
	switch {
	case a.Secure:
		tell(name, true, "Secure, for this host only")
	case isLoopback(a.Host):
		tell(name, true, "over plain http, on this machine only")
	case o.run.AllowHTTP:
		tell(name, true, "over plain http by `allow_http`: anyone on the way can read them")
	default:
		tell(name, false, "nobody can sign in over plain http: use https, or write `allow_http` where a proxy in front has it")
	}
	if !a.Secure || o.direct || strings.HasPrefix(a.Host, "*.") {
		return
	}
	switch loaded, managed := o.app.HasCertificate(a.Host); {
	case !managed:
	case loaded:
		tell("certificate "+a.Host, true, "loaded")
	default:
		tell("certificate "+a.Host, false, "not there yet: see Caddy's log for why, unless certificates are got on demand")
	}
}

// isLoopback tells whether a host is this machine by its name alone (RFC 6761 §6.3).
func isLoopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
