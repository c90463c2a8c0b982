package mail

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Encryption says whether a connection to smtp:// must become an encrypted one.
type Encryption string

// The kinds of encryption. The zero value is STARTTLS where it is offered.
const (
	whenOffered Encryption = ""         // STARTTLS if the server offers it; credentials only over TLS or on this machine
	Required    Encryption = "required" // no STARTTLS, no message
	Off         Encryption = "off"      // never, not even for credentials
)

// SMTP sends messages through one server. It is safe for concurrent use, and opens a connection for each message.
type SMTP struct {
	host, user, pass string
	port             int
	implicit         bool // TLS from the first byte: smtps
	tls              Encryption
	from             mail.Address

	Roots   *x509.CertPool   // who may vouch for the server; nil: the system's
	Timeout time.Duration    // for a whole message; 0: a minute
	Now     func() time.Time // for the Date; nil: time.Now
}

const usage = "write smtp://user:password@mail.example.com:587 or smtps://user:password@mail.example.com"

// NewSMTP reads the address of a server, the sender, such as `Example <auth@example.com>`, and the kind of encryption.
// User and password may be percent-encoded, and need not be: they are all that precedes the last @. No error shows
// them.
func NewSMTP(address, from string, encryption Encryption) (*SMTP, error) {
	s := &SMTP{tls: encryption}
	scheme, rest, ok := strings.Cut(address, "://")
	switch {
	case !ok:
		return nil, errors.New("the address of the mail server has no scheme: " + usage)
	case scheme == "smtps":
		s.implicit, s.port = true, 465
	case scheme == "smtp":
		s.port = 587
	default:
		return nil, errors.New("the address of the mail server begins neither with smtp:// nor with smtps://: " + usage)
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		user, pass, both := strings.Cut(rest[:i], ":")
		if s.user, s.pass = decoded(user), decoded(pass); !both || s.user == "" || s.pass == "" {
			return nil, errors.New("the address of the mail server has a user without a password, or a password without a user: " + usage)
		}
		if strings.ContainsFunc(s.user+s.pass, unicode.IsControl) {
			return nil, errors.New("user or password of the mail server hold control characters; is there a line break at the end of a file?")
		}
		rest = rest[i+1:]
	}
	if err := s.setHost(strings.TrimSuffix(rest, "/")); err != nil {
		return nil, err
	}
	switch encryption {
	case whenOffered, Required, Off:
	default:
		return nil, fmt.Errorf("tls %q: write `tls required` or `tls off`, or leave it out to use TLS when it is offered", encryption)
	}
	if s.implicit && encryption == Off {
		return nil, errors.New("tls off contradicts smtps://: write smtp://, or take `tls off` out")
	}
	sender, err := mail.ParseAddress(from)
	if err != nil || strings.ContainsFunc(sender.Name+sender.Address, unicode.IsControl) {
		return nil, fmt.Errorf("from %q is no address: write for example `from \"Example <auth@example.com>\"`", from)
	}
	s.from = *sender
	return s, nil
}

func decoded(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// setHost reads host and port.
func (s *SMTP) setHost(hostport string) error {
	s.host = strings.Trim(hostport, "[]")
	if host, port, err := net.SplitHostPort(hostport); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("the mail server's port %q is no port: %s", port, usage)
		}
		s.host, s.port = host, int(n)
	}
	if _, err := netip.ParseAddr(s.host); err == nil {
		return nil
	}
	if s.host == "" || strings.ContainsFunc(s.host, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_')
	}) {
		return errors.New("the address of the mail server names no host: " + usage)
	}
	return nil
}

// String is the server without user and password.
func (s *SMTP) String() string {
	scheme := "smtp://"
	if s.implicit {
		scheme = "smtps://"
	}
	return scheme + net.JoinHostPort(s.host, strconv.Itoa(s.port))
}

// From is the sender's address.
func (s *SMTP) From() string { return s.from.Address }

// loopback reports whether the server is this machine, by its name alone (RFC 6761 §6.3).
func (s *SMTP) loopback() bool {
	if a, err := netip.ParseAddr(s.host); err == nil {
		return a.IsLoopback()
	}
	return s.host == "localhost" || strings.HasSuffix(s.host, ".localhost")
}
