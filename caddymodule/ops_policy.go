package caddymodule

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/rolepolicy"
)

// explained is what one gate says of a request.
type explained struct {
	Gate   string `json:"gate"`   // file:line of the directive
	Judged bool   `json:"judged"` // false: outside the directive's matcher, a reserved path, or refused
	*rolepolicy.Explanation
	Text string `json:"text"` // the same in words
}

// explain answers POST /gatehouse/policy/explain {method, url, as?, roles?, from?}: which rule decides, and why. Rewrites
// that stand before a gate are not applied: the address is taken as the gate sees it.
func (o *operator) explain(r *http.Request) (any, error) {
	var ask struct {
		Method string   `json:"method"`
		URL    string   `json:"url"`
		As     string   `json:"as"`
		Roles  []string `json:"roles"`
		From   string   `json:"from"`
	}
	if err := body(r, &ask); err != nil {
		return nil, err
	}
	u, err := url.Parse(ask.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, faultf(http.StatusBadRequest, "%q is no address: write for example https://app.example.com/admin/", ask.URL)
	}
	var from netip.Addr
	if ask.From != "" {
		if from, err = netip.ParseAddr(ask.From); err != nil {
			return nil, faultf(http.StatusBadRequest, "%q is no address of a client: write for example 192.0.2.1", ask.From)
		}
	}
	subject, err := o.subject(r.Context(), ask.As, ask.Roles)
	if err != nil {
		return nil, err
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	found, err := o.gatesAt(u)
	if err != nil {
		return nil, err
	}
	var out []explained
	for _, gate := range found {
		// What a handle_path above cuts off, the gate sees only in the address as sent.
		sent := rolepolicy.Request{Method: ask.Method, Path: path, Addr: from}
		if prefix := prefixOf(gate.prefixes, path); prefix != "" {
			sent.Path, sent.Original = cmp.Or(path[len(prefix):], "/"), path
		}
		e := explained{Gate: gate.Source}
		if e.Text = gate.unjudged(&sent, u); e.Text == "" {
			e.Judged = true
			now := o.run.Now()
			x := gate.policy.Explain(&sent, subject, rolepolicy.Proofs{AuthTime: now}, now)
			e.Explanation, e.Text = &x, x.String()
		}
		out = append(out, e)
	}
	return map[string]any{"gates": out}, nil
}

// unjudged tells why a gate asks its rules nothing about a request; empty where it does ask them.
func (g *Gate) unjudged(sent *rolepolicy.Request, u *url.URL) string {
	seen := *u
	if path, err := url.PathUnescape(sent.Path); err == nil && sent.Original != "" {
		seen.Path, seen.RawPath = path, sent.Path
	}
	r := probe(sent.Method, &seen, sent.Addr)
	if bad := plainRequest(r, u.RequestURI()); bad != nil {
		return fmt.Sprintf("refused with %d: %s\n", bad.status, bad.detail)
	}
	q := question{now: sent.Path, sent: cmp.Or(sent.Original, sent.Path)}
	if _, ours := q.reservedPath(); ours {
		return "a reserved path: the gate answers it itself, and never passes it on\n"
	}
	if !g.judges(r) {
		return "outside the matcher of the gate: public, but for identity headers, which are removed\n"
	}
	return ""
}

// subject returns whom to judge: an account, somebody who holds roles, or nobody.
func (o *operator) subject(ctx context.Context, as string, roles []string) (*rolepolicy.Subject, error) {
	switch {
	case as != "" && roles != nil:
		return nil, faultf(http.StatusBadRequest, "name a user or roles, not both")
	case as != "":
		u, err := o.find(ctx, as)
		if err != nil {
			return nil, err
		}
		id := u.Identity()
		switch {
		case !u.Enabled || !u.Approved:
			return nil, faultf(http.StatusConflict, "%s is disabled, and so is signed in nowhere", u.Username)
		case !id.Active:
			return nil, faultf(http.StatusConflict, "%s must choose a new password, and so is signed in nowhere", u.Username)
		}
		return o.run.Roles.NewSubject(id.Username, id.Email, id.Roles), nil
	case roles != nil:
		for _, role := range roles {
			if err := rolepolicy.CheckRoleName(role); err != nil {
				return nil, faultf(http.StatusBadRequest, "%v", err)
			}
		}
		return o.run.Roles.NewSubject("", "", roles), nil
	}
	return nil, nil
}

// gatesAt returns the gates that a request for u meets, outermost first as far as that is known.
func (o *operator) gatesAt(u *url.URL) ([]*Gate, error) {
	var found []*Gate
	hosts := make(map[string]bool)
	for _, s := range o.app.settled {
		gate, ok := s.handler.(*Gate)
		if !ok {
			continue
		}
		for _, host := range s.place.Hosts {
			hosts[host] = true
		}
		if s.answers(u) && (s.trails == nil || slices.ContainsFunc(s.trails, func(t trail) bool { return t.sees(u.Path) })) {
			found = append(found, gate)
		}
	}
	if found == nil {
		return nil, faultf(http.StatusNotFound, "no gate stands at %s://%s%s: the site has none, or it is not in this configuration", u.Scheme, u.Host, u.Path)
	}
	return found, nil
}

// answers tells whether requests to u's scheme, host and port reach the handler.
func (s *stand) answers(u *url.URL) bool {
	if len(s.place.Hosts) == 0 {
		return true
	}
	port := 80
	if u.Scheme == "https" {
		port = 443
	}
	if n, err := strconv.Atoi(u.Port()); err == nil {
		port = n
	}
	host := hostOnly(u.Host)
	if len(s.place.Addresses) == 0 {
		return slices.ContainsFunc(s.place.Hosts, func(site string) bool { return covers(site, host) })
	}
	return slices.ContainsFunc(s.place.Addresses, func(a Address) bool {
		return covers(a.Host, host) && a.Port == port && a.Secure == (u.Scheme == "https")
	})
}

// probe makes a request that matchers can look at.
func probe(method string, u *url.URL, from netip.Addr) *http.Request {
	r := &http.Request{Method: method, URL: u, Host: u.Host, RequestURI: u.RequestURI(), Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if from.IsValid() {
		r.RemoteAddr = netip.AddrPortFrom(from, 0).String()
	}
	repl := caddy.NewReplacer()
	ctx := context.WithValue(context.Background(), caddy.ReplacerCtxKey, repl)
	ctx = context.WithValue(ctx, caddyhttp.VarsCtxKey, map[string]any{caddyhttp.ClientIPVarKey: from.String()})
	ctx = context.WithValue(ctx, caddyhttp.OriginalRequestCtxKey, *r)
	return r.WithContext(ctx)
}
