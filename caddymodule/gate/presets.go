package gate

import (
	"fmt"
	"mime"
	"strings"

	"github.com/gatehouse-auth/gatehouse/store"
)

// field is one identity value that a header may carry.
type field uint8

const (
	fieldUsername field = iota
	fieldID
	fieldEmail
	fieldFullName
	fieldRoles
	fieldHighestRole
)

// presetHeader is one header of a preset.
type presetHeader struct {
	name  string // canonical, as net/http keeps it
	field field
}

// defaultPreset is what an upstream gets where `headers` says nothing.
const defaultPreset = "remote"

// presets are the header families that upstreams read (docs/gate.md).
var presets = map[string][]presetHeader{
	"remote": {
		{"Remote-User", fieldUsername}, {"Remote-User-Id", fieldID}, {"Remote-Email", fieldEmail},
		{"Remote-Name", fieldFullName}, {"Remote-Roles", fieldRoles}, {"Remote-Groups", fieldRoles},
	},
	"webauth": {
		{"X-Webauth-User", fieldUsername}, {"X-Webauth-Email", fieldEmail}, {"X-Webauth-Name", fieldFullName},
		{"X-Webauth-Fullname", fieldFullName}, {"X-Webauth-Groups", fieldRoles}, {"X-Webauth-Role", fieldHighestRole},
	},
	"x_forwarded": {
		{"X-Forwarded-User", fieldUsername}, {"X-Forwarded-Preferred-Username", fieldUsername},
		{"X-Forwarded-Email", fieldEmail}, {"X-Forwarded-Groups", fieldRoles},
	},
	"x_auth_request": {
		{"X-Auth-Request-User", fieldUsername}, {"X-Auth-Request-Preferred-Username", fieldUsername},
		{"X-Auth-Request-Email", fieldEmail}, {"X-Auth-Request-Groups", fieldRoles},
	},
	"none": nil,
}

// overrideHeaders make some upstreams see another method, path or host than the one that was judged. Only a proxy in
// front of the upstream has reason to send them, and we are that proxy.
var overrideHeaders = []string{
	"X-Original-URL", "X-Original-URI", "X-Original-Host", "X-Original-Method", "X-Rewrite-URL",
	"X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-Path", "X-Forwarded-Prefix", "X-Forwarded-Server",
	"X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override", "X-Host", "Forwarded",
}

// HeaderEncoding says how a value that is not ASCII is written: utf8, percent (RFC 3986) or mime (RFC 2047).
type HeaderEncoding string

func (e HeaderEncoding) encode(value string) string {
	switch e {
	case "percent":
		return percentEncode(value)
	case "mime":
		return mime.QEncoding.Encode("utf-8", value)
	}
	return value
}

// percentEncode writes every byte that is no pchar of RFC 3986 §3.3 as an escape, so that an address stays readable.
func percentEncode(value string) string {
	var out strings.Builder
	for i := range len(value) {
		switch c := value[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~!$&'()*+,;=:@", c) >= 0:
			out.WriteByte(c)
		default:
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

// clean removes what a header value must never hold: control bytes, and white space at the ends, which parsers
// disagree on.
func clean(value string) string {
	value = strings.Map(func(r rune) rune {
		if r < 0x20 || (r >= 0x7f && r < 0xa0) || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, value)
	return strings.TrimSpace(value)
}

// value returns what a header of that field says about id, empty where it says nothing. roles holds all roles,
// included ones too.
func (f field) value(id *store.Identity, roles []string, separator string, enc HeaderEncoding) string {
	switch f {
	case fieldUsername:
		return enc.encode(clean(id.Username))
	case fieldID:
		return clean(id.UserID)
	case fieldEmail:
		return enc.encode(clean(id.Email))
	case fieldFullName:
		return enc.encode(clean(id.Name))
	case fieldRoles:
		encoded := make([]string, len(roles))
		for i, role := range roles {
			encoded[i] = enc.encode(clean(role))
		}
		return strings.Join(encoded, separator)
	case fieldHighestRole:
		return highestRole(roles)
	}
	return ""
}

// highestRole returns the strongest of the three roles that Grafana knows, spelt as Grafana spells it.
func highestRole(roles []string) string {
	for _, want := range []string{"Admin", "Editor", "Viewer"} {
		for _, role := range roles {
			if strings.EqualFold(role, want) {
				return want
			}
		}
	}
	return ""
}
