package gate

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
	"github.com/gatehouse-auth/gatehouse/store"
)

// identity is what a gate knows of one session or token, prepared once and used by every request that shows it.
type identity struct {
	live    *store.ActiveSession
	methods []string // how the person showed who they are
	roles   []string // all roles held, included ones too, sorted
	subject *rolepolicy.Subject
	proofs  rolepolicy.Proofs
	values  []string // what each of identityWriter.names says, in their order

	provider caddy.ReplacerFunc // placeholder, made once
}

// identityWriter removes whatever an upstream could read as an identity, and writes ours.
type identityWriter struct {
	stripped  *nameSet
	names     []string // headers of the chosen presets, canonical
	fields    []field
	separator string
	encoding  HeaderEncoding
	extra     []ExtraHeader
}

func newIdentityWriter(chosen []string, separator string, enc HeaderEncoding, extra []ExtraHeader,
	jwtHeader string) *identityWriter {
	iw := &identityWriter{separator: separator, encoding: enc, extra: extra}
	stripped := append([]string{jwtHeader}, overrideHeaders...)
	for _, headers := range presets {
		for _, h := range headers {
			stripped = append(stripped, h.name)
		}
	}
	for _, h := range extra {
		stripped = append(stripped, h.Name)
	}
	iw.stripped = newNameSet(stripped...)
	for _, preset := range chosen {
		for _, h := range presets[preset] {
			iw.names = append(iw.names, h.name)
			iw.fields = append(iw.fields, h.field)
		}
	}
	return iw
}

// strip removes identity and override headers from r: repeated, under every spelling, as trailers, and as names in
// Connection, by which a client would make reverse_proxy delete what we write later (RFC 9110 §7.6.1).
func (iw *identityWriter) strip(r *http.Request) {
	for name := range r.Header {
		if iw.stripped.has(name) {
			delete(r.Header, name)
		}
	}
	if conn, ok := r.Header["Connection"]; ok && !(len(conn) == 1 && (conn[0] == "keep-alive" || conn[0] == "close")) {
		iw.stripConnection(r.Header, conn)
	}
	if r.Trailer != nil {
		iw.stripTrailer(r.Trailer)
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &trailerFilter{ReadCloser: r.Body, r: r, iw: iw}
		}
	}
}

// stripConnection does here what the last handler would do later: it removes the headers that Connection names, so
// that a client can name none which the gate or a handler behind it writes.
func (iw *identityWriter) stripConnection(h http.Header, lines []string) {
	kept := make([]string, 0, len(lines))
	for _, line := range lines {
		for option := range strings.SplitSeq(line, ",") {
			option = strings.TrimSpace(option)
			switch {
			case connectionOptions.has(option):
				kept = append(kept, option)
			case option != "" && !protectedHeaders.has(option):
				h.Del(option)
			}
		}
	}
	if len(kept) == 0 {
		delete(h, "Connection")
		return
	}
	h["Connection"] = []string{strings.Join(kept, ", ")}
}

// connectionOptions are about the connection itself and name no header that a handler behind us writes.
var connectionOptions = newNameSet("close", "keep-alive", "upgrade", "te")

// protectedHeaders are end-to-end headers whose removal behind our back would change what was judged, or whom the
// upstream takes the client for.
var protectedHeaders = newNameSet("Cookie", "Authorization", "Host", "Origin", "Content-Type", "Content-Length",
	"Transfer-Encoding", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Via", "Early-Data", "Connection",
	"Upgrade")

func (iw *identityWriter) stripTrailer(trailer http.Header) {
	for name := range trailer {
		if iw.stripped.has(name) || ownCredentialHeaders.has(name) {
			delete(trailer, name)
		}
	}
}

// ownCredentialHeaders may hold our cookie or token, which have no business in a trailer.
var ownCredentialHeaders = newNameSet("Cookie", "Authorization")

// trailerFilter strips trailers at the moment when net/http has filled them in: with the end of the body, before
// reverse_proxy copies them.
type trailerFilter struct {
	io.ReadCloser
	r  *http.Request
	iw *identityWriter
}

func (t *trailerFilter) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	if err != nil {
		t.iw.stripTrailer(t.r.Trailer)
	}
	return n, err
}

// prepare computes once what every request of this session needs.
func (iw *identityWriter) prepare(run *app.Running, live *store.ActiveSession) *identity {
	id := &identity{live: live, roles: run.Roles.Expand(live.Identity.Roles)}
	id.subject = run.Roles.NewSubject(live.Identity.Username, live.Identity.Email, id.roles)
	id.proofs.MFA = run.Portal.SignIn.Meets(&live.Session, web.Demand{MFA: true})
	for _, proof := range live.Session.Proofs {
		if !slices.Contains(id.methods, proof.Method) { // a proof renewed is no further method
			id.methods = append(id.methods, proof.Method)
		}
		if proof.At.After(id.proofs.AuthTime) {
			id.proofs.AuthTime = proof.At
		}
	}
	id.provider = id.placeholder
	id.values = make([]string, len(iw.fields))
	for i, f := range iw.fields {
		id.values[i] = f.value(&live.Identity, id.roles, iw.separator, iw.encoding)
	}
	return id
}

// writeIdentity passes the identity to the handlers behind us. A gate that looked for none keeps what a gate before it
// wrote.
func (x *exchange) writeIdentity() error {
	id, writer := x.identity, x.gate
	if id == nil && x.parent != nil {
		id, writer = x.parent.identityWritten, x.parent.writer
	}
	mapped := x.parent != nil && x.parent.placeholdersSet
	x.placeholdersSet = true
	if id == nil {
		if !mapped {
			replacerOf(x.r).Map(x.placeholder)
		}
		return nil
	}
	for other := x; other != nil; other = other.parent {
		other.identityWritten, other.writer = id, writer
	}
	if !mapped {
		replacerOf(x.r).Map(id.provider)
	}
	writer.identities.write(x.r, id)
	if writer.JWT == "" {
		return nil
	}
	token, err := x.run.Portal.SignIn.SignIdentity(x.visit(), id.live)
	if err != nil {
		return fmt.Errorf("signing an identity: %w", err)
	}
	x.r.Header.Set(writer.JWT, token)
	return nil
}

func replacerOf(r *http.Request) *caddy.Replacer {
	return r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
}

// write sets our headers. The values are copied into slices of this request's own, because later handlers may change
// them in place.
func (iw *identityWriter) write(r *http.Request, id *identity) {
	values := make([]string, len(id.values))
	copy(values, id.values)
	for i, value := range values {
		if value != "" {
			r.Header[iw.names[i]] = values[i : i+1 : i+1]
		}
	}
	for _, h := range iw.extra {
		if value := clean(replacerOf(r).ReplaceAll(h.Value, "")); value != "" {
			r.Header.Set(h.Name, iw.encoding.encode(value))
		}
	}
}
