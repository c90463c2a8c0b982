package gate

import (
	"encoding/base64"
	"net/http"
	"net/netip"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// refusal is why a request is not judged at all: what a gate and an upstream could read in two ways (docs/rules.md).
type refusal struct {
	status int
	detail string
}

// plainRequest returns nil for a request whose method, target (as sent) and protocol can be read in one way only.
func plainRequest(r *http.Request, target string) *refusal {
	switch {
	case r.Method == http.MethodConnect && !isExtendedWebSocket(r):
		return &refusal{http.StatusMethodNotAllowed, "CONNECT is not allowed here."}
	case r.Method == http.MethodTrace:
		return &refusal{http.StatusMethodNotAllowed, "TRACE is not allowed here."}
	case !isUpperCase(r.Method):
		// An upstream that upper-cases "post" would act on a method that no rule was held against.
		return &refusal{http.StatusBadRequest, "The method of a request is written in capital letters."}
	case !isPlainHost(r.Host):
		return &refusal{http.StatusBadRequest, "The host must be a name or an address, with a port in digits."}
	case !isOriginForm(target):
		// absolute-form and asterisk-form (RFC 9112 §3.2) name a host or a server, not a path that rules can judge
		return &refusal{http.StatusBadRequest, "The request target must be a path."}
	}
	if upgrade, ok := r.Header["Upgrade"]; ok && !wellFormedWebSocket(r, upgrade) {
		// h2c and home-made protocols would open a tunnel through which further requests pass unjudged
		return &refusal{http.StatusBadRequest, "Only a well-formed WebSocket may upgrade."}
	}
	if _, ok := r.Header["Http2-Settings"]; ok {
		return &refusal{http.StatusBadRequest, "Only a well-formed WebSocket may upgrade."}
	}
	return nil
}

func isUpperCase(method string) bool {
	for i := range len(method) {
		if 'a' <= method[i] && method[i] <= 'z' {
			return false
		}
	}
	return method != ""
}

// isPlainHost reports whether a Host is a name or an address, and a port in digits at most. Caddy's host matcher
// looks only at what comes before the port, while the address that a sign-in leads back to is made of all of it: from
// "app.example.com:80@evil.example" it would lead out. None at all (HTTP/1.0) is plain.
func isPlainHost(host string) bool {
	name := host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.IndexByte(host[i:], ']') < 0 {
		name = host[:i]
		if len(host)-i-1 > len("65535") || strings.Trim(host[i+1:], "0123456789") != "" {
			return false
		}
	}
	if strings.HasPrefix(name, "[") {
		addr, err := netip.ParseAddr(strings.TrimSuffix(name[1:], "]"))
		return err == nil && addr.Is6() && addr.Zone() == "" && name[len(name)-1] == ']'
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return true
}

func isOriginForm(target string) bool {
	return len(target) > 0 && target[0] == '/' && strings.IndexByte(target, '#') < 0
}

// isWebSocket reports whether r opens a WebSocket over HTTP/1.1 (RFC 6455) or by extended CONNECT (RFC 8441, RFC
// 9220). Call it only after plainRequest.
func isWebSocket(r *http.Request) bool {
	_, upgrade := r.Header["Upgrade"]
	return upgrade || r.Method == http.MethodConnect
}

func isExtendedWebSocket(r *http.Request) bool {
	switch r.ProtoMajor {
	case 2:
		protocol := r.Header[":protocol"]
		return len(protocol) == 1 && protocol[0] == "websocket"
	case 3:
		return r.Proto == "websocket"
	}
	return false
}

// wellFormedWebSocket checks the opening handshake of RFC 6455 §4.1: reverse_proxy tunnels whatever both sides agree
// on.
func wellFormedWebSocket(r *http.Request, upgrade []string) bool {
	if len(upgrade) != 1 || !strings.EqualFold(upgrade[0], "websocket") ||
		r.Method != http.MethodGet || r.ProtoMajor != 1 || r.ProtoMinor != 1 ||
		r.ContentLength != 0 || len(r.TransferEncoding) > 0 ||
		!httpguts.HeaderValuesContainsToken(r.Header["Connection"], "upgrade") {
		return false
	}
	key, version := r.Header["Sec-Websocket-Key"], r.Header["Sec-Websocket-Version"]
	if len(key) != 1 || len(version) != 1 || version[0] != "13" {
		return false
	}
	nonce, err := base64.StdEncoding.DecodeString(key[0])
	return err == nil && len(nonce) == 16
}

// isEarlyData reports whether r came as 0-RTT data, which an attacker can replay (RFC 8470).
func isEarlyData(r *http.Request) bool {
	if r.TLS != nil && !r.TLS.HandshakeComplete {
		return true
	}
	_, early := r.Header["Early-Data"]
	return early
}

func safeMethod(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}
