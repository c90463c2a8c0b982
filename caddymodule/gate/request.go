package gate

import (
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
)

// reservedFolder is the part of every gated site that belongs to the gate.
const reservedFolder = "/.gatehouse"

// newVisit builds what the portal needs to know of r at a site. Of forwarded headers, it reads only what Caddy
// vouches for.
func newVisit(at *web.Site, r *http.Request) *web.Visit {
	v := &web.Visit{Site: at, Addr: site.ClientAddr(r), Secure: isSecure(r), Host: site.Hostname(r.Host),
		Base: at.Base}
	scheme := "http://"
	if v.Secure {
		scheme = "https://"
	}
	v.Origin = scheme + strings.ToLower(r.Host)
	return v
}

// isSecure reports whether the browser came by https: over TLS, or by word of a proxy that Caddy trusts.
func isSecure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	proto := r.Header["X-Forwarded-Proto"]
	if len(proto) != 1 || proto[0] != "https" {
		return false
	}
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	return trusted
}

// servesHost reports whether r is for a host of this gate. Where the site address names hosts, Caddy has seen to it;
// `hosts` names them where it does not, and then a request for another name has no session and no address to be led
// back to.
func (g *Gate) servesHost(r *http.Request) bool {
	return len(g.Hosts) == 0 || slices.Contains(g.Hosts, site.Hostname(r.Host))
}

// sentURI returns path and query as sent, byte for byte. Caddy's rewrites change RequestURI, and keep the original
// apart.
func sentURI(r *http.Request) string {
	if sent, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		return sent.RequestURI
	}
	return r.RequestURI
}

// sentPath returns the escaped path as sent, byte for byte.
func sentPath(r *http.Request) string {
	path, _, _ := strings.Cut(sentURI(r), "?")
	return path
}

// asSent returns r with the method and the address as sent, for pages and actions of ours: `method GET` must not take
// away a POST, nor `try_files {path} /index.php?p={path}` the `to` and `code` of ours.
func asSent(r *http.Request) *http.Request {
	sent, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request)
	if !ok || sent.RequestURI == r.RequestURI && sent.Method == r.Method {
		return r
	}
	again := *r
	again.Method, again.RequestURI, again.URL = sent.Method, sent.RequestURI, sent.URL
	return &again
}

// isHost reports whether a Host header names host, which is lower case, without port and trailing dot.
func isHost(header, host string) bool { return header == host || site.Hostname(header) == host }

// reservedRequest is a request for the reserved folder.
type reservedRequest struct {
	prefix    string // what handle_path or `uri strip_prefix` cut off before we saw the address
	path      string // below the folder: "/login"
	ambiguous bool   // only an odd reading of the path leads here
}

// reservedPath reports whether the request is for us, in the address as sent or in the rewritten one, so that no
// rewrite swallows it. A request that only an odd reading places there is for us too, and finds nothing.
func (x *exchange) reservedPath() (reservedRequest, bool) {
	if rest, ok := strings.CutPrefix(x.rewrittenPath, reservedFolder+"/"); ok {
		prefix, cut := strings.CutSuffix(x.sentPath, x.rewrittenPath)
		if !cut {
			prefix = ""
		}
		// The prefix begins every link of the pages: "//host" would lead out.
		return reservedRequest{prefix: prefix, path: "/" + rest, ambiguous: !isPlainPrefix(prefix)}, true
	}
	if x.sentPath == x.rewrittenPath {
		return reservedRequest{ambiguous: true}, rolepolicy.Below(x.rewrittenPath, reservedFolder)
	}
	if rest, ok := strings.CutPrefix(x.sentPath, reservedFolder+"/"); ok {
		return reservedRequest{path: "/" + rest}, true
	}
	return reservedRequest{ambiguous: true}, rolepolicy.Below(x.rewrittenPath, reservedFolder) ||
		rolepolicy.Below(x.sentPath, reservedFolder)
}

// isPlainPrefix reports whether what was cut off is a path of whole segments with one reading.
func isPlainPrefix(prefix string) bool {
	if prefix == "" {
		return true
	}
	for i := range len(prefix) {
		switch c := prefix[i]; {
		case c == '/':
			if i+1 == len(prefix) || prefix[i+1] == '/' || prefix[i+1] == '.' {
				return false
			}
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
		default:
			return false
		}
	}
	return prefix[0] == '/'
}

// strippedPrefix returns which of prefixes was cut off the address as sent, if any: links back to us must carry it.
func strippedPrefix(prefixes []string, sent string) string {
	for _, prefix := range prefixes {
		if sent == prefix || strings.HasPrefix(sent, prefix) && sent[len(prefix)] == '/' {
			return prefix
		}
	}
	return ""
}
