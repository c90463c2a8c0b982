package ops

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Finding is one line of the doctor's.
type Finding struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// doctorTimeout bounds each look at a store.
const doctorTimeout = 5 * time.Second

// doctor answers GET /gatehouse/doctor: what works and what does not, one finding a line.
func (o *operator) doctor(r *http.Request) (any, error) {
	var list []Finding
	report := func(name string, ok bool, format string, args ...any) {
		list = append(list, Finding{name, ok, fmt.Sprintf(format, args...)})
	}
	o.checkStores(r.Context(), report)
	o.checkMail(r.Context(), report)
	o.checkWebhook(r.Context(), report)
	o.checkAdministrator(r.Context(), report)
	o.checkAddresses(report)
	healthy := !slices.ContainsFunc(list, func(f Finding) bool { return !f.OK })
	return map[string]any{"healthy": healthy, "findings": list}, nil
}

type report func(name string, ok bool, format string, args ...any)

func (o *operator) checkStores(ctx context.Context, report report) {
	checkStore(ctx, "users store", o.run.Users.Ping, report)
	checkStore(ctx, "session store", o.run.Sessions.Ping, report)
	if up := o.run.Sessions.Stats().Up; !o.direct {
		text := "changes of sessions are being told, the local cache is in use"
		if !up {
			text = "the session store's feed is down: every request reads the store"
		}
		report("session feed", up, "%s", text)
	}
	o.checkClock(ctx, report)
}

func checkStore(ctx context.Context, name string, ping func(context.Context) error, report report) {
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	if err := ping(limited); err != nil {
		report(name, false, "does not answer: %v", err)
		return
	}
	report(name, true, "answers in %s", time.Since(began).Round(10*time.Microsecond))
}

// checkClock finds a clock that is wrong for sure: deadlines written by one machine are judged by another.
func (o *operator) checkClock(ctx context.Context, report report) {
	now := o.run.Now()
	if passed := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); now.Before(passed) {
		report("clock", false, "says %s, which has passed: set it", now.Format(time.RFC3339))
		return
	}
	limited, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	list, err := o.run.Users.ListUsers(limited, store.UserQuery{Limit: 1000})
	if err != nil {
		return // the store's own line says so
	}
	for _, u := range list {
		if ahead := u.LastSignIn.Sub(now); ahead > time.Minute {
			report("clock", false, "somebody signed in %s from now: this machine's clock or that of another gateway is wrong",
				ahead.Round(time.Second))
			return
		}
	}
	report("clock", true, "%s", now.UTC().Format(time.RFC3339))
}

func (o *operator) checkAdministrator(ctx context.Context, report report) {
	limited, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	admins, err := o.run.Users.ListUsers(limited, store.UserQuery{Role: app.Administrator, Limit: 1000})
	if err != nil {
		return // the store's own line says so
	}
	if slices.ContainsFunc(admins, func(u store.User) bool { return u.Enabled }) {
		report("administrator", true, "there is one")
		return
	}
	report("administrator", false, "nobody holds the role admin: use the setup link in the log, or "+
		"`caddy gatehouse users add you@example.com --role admin`")
}

// checkAddresses reports how cookies travel to each address, and whether https has a certificate.
func (o *operator) checkAddresses(report report) {
	seen := make(map[site.Address]bool)
	for _, m := range o.app.Mounts() {
		if len(m.Location.Addresses) == 0 {
			report(m.Word+" "+m.Source, true, "answers on every host; no certificate to look at")
		}
		for _, a := range m.Location.Addresses {
			if seen[a] {
				continue
			}
			seen[a] = true
			o.checkAddress(a, report)
		}
	}
}

func (o *operator) checkAddress(a site.Address, report report) {
	name := "cookies " + a.String()
	switch {
	case a.Secure:
		report(name, true, "Secure, for this host only")
	case isLoopback(a.Host):
		report(name, true, "over plain http, on this machine only")
	case o.run.AllowHTTP:
		report(name, true, "over plain http by `allow_http`: anyone on the way can read them")
	default:
		report(name, false, "nobody can sign in over plain http: use https, or write `allow_http` where a proxy in front "+
			"has it")
	}
	if !a.Secure || o.direct || strings.HasPrefix(a.Host, "*.") {
		return
	}
	switch loaded, managed := o.app.HasCertificate(a.Host); {
	case !managed:
	case loaded:
		report("certificate "+a.Host, true, "loaded")
	default:
		report("certificate "+a.Host, false, "not there yet: see Caddy's log for why, unless certificates are got on demand")
	}
}

// isLoopback reports whether a host is this machine by its name alone (RFC 6761 §6.3).
func isLoopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
