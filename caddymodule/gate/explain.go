package gate

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/rolepolicy"
)

// Explain reports which rule decides about a request that the gate sees as sent, and why. explanation is nil, and
// text says why, where the gate does not ask its rules: the request is outside the directive's matcher, for a
// reserved path, or refused.
func (g *Gate) Explain(sent *rolepolicy.Request, u *url.URL, subject *rolepolicy.Subject, now time.Time) (
	explanation *rolepolicy.Explanation, text string) {
	// What a handle_path above cuts off, the gate sees only in the address as sent.
	seen := *sent
	if prefix := strippedPrefix(g.prefixes, seen.Path); prefix != "" {
		seen.Path, seen.Original = cmp.Or(seen.Path[len(prefix):], "/"), seen.Path
	}
	if text := g.unjudgedReason(&seen, u); text != "" {
		return nil, text
	}
	x := g.policy.Explain(&seen, subject, rolepolicy.Proofs{AuthTime: now}, now)
	return &x, x.String()
}

// unjudgedReason reports why a gate does not ask its rules about a request; empty where it does.
func (g *Gate) unjudgedReason(sent *rolepolicy.Request, u *url.URL) string {
	seen := *u
	if path, err := url.PathUnescape(sent.Path); err == nil && sent.Original != "" {
		seen.Path, seen.RawPath = path, sent.Path
	}
	r := probe(sent.Method, &seen, sent.Addr)
	if bad := plainRequest(r, u.RequestURI()); bad != nil {
		return fmt.Sprintf("refused with %d: %s\n", bad.status, bad.detail)
	}
	x := exchange{rewrittenPath: sent.Path, sentPath: cmp.Or(sent.Original, sent.Path)}
	if _, ours := x.reservedPath(); ours {
		return "a reserved path: the gate answers it itself, and never passes it on\n"
	}
	if !g.matches(r) {
		return "outside the matcher of the gate: public, but for identity headers, which are removed\n"
	}
	return ""
}

// probe makes a request that matchers can look at.
func probe(method string, u *url.URL, from netip.Addr) *http.Request {
	r := &http.Request{Method: method, URL: u, Host: u.Host, RequestURI: u.RequestURI(), Header: http.Header{},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if from.IsValid() {
		r.RemoteAddr = netip.AddrPortFrom(from, 0).String()
	}
	repl := caddy.NewReplacer()
	ctx := context.WithValue(context.Background(), caddy.ReplacerCtxKey, repl)
	ctx = context.WithValue(ctx, caddyhttp.VarsCtxKey, map[string]any{caddyhttp.ClientIPVarKey: from.String()})
	ctx = context.WithValue(ctx, caddyhttp.OriginalRequestCtxKey, *r)
	return r.WithContext(ctx)
}
