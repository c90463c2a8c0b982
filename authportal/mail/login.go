package mail

import (
	"errors"
	"slices"

	"github.com/wneessen/go-mail/smtp"
)

// login signs in to the mail server, with the best mechanism that both know, and never where an attacker on the path
// could listen: one that takes STARTTLS out of a server's greeting (RFC 3207 §6) would receive the password otherwise.
type login struct {
	user, pass, host string
	openly           bool // over an unencrypted connection too

	smtp.Auth // the mechanism that was chosen
}

// Start chooses the mechanism.
func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS && !l.openly {
		return "", nil, errors.New("the connection is not encrypted, so user and password stay here: use smtps://, or a server " +
			"that offers STARTTLS, or write `tls off` where the way to it is safe")
	}
	mechanisms := []struct {
		name  string
		begin func() smtp.Auth
	}{
		{"SCRAM-SHA-256", func() smtp.Auth { return smtp.ScramSHA256Auth(l.user, l.pass) }},
		{"PLAIN", func() smtp.Auth { return smtp.PlainAuth("", l.user, l.pass, l.host, true) }},
		{"LOGIN", func() smtp.Auth { return smtp.LoginAuth(l.user, l.pass, l.host, true) }},
		{"CRAM-MD5", func() smtp.Auth { return smtp.CRAMMD5Auth(l.user, l.pass) }},
	}
	for _, m := range mechanisms {
		if slices.Contains(server.Auth, m.name) {
			l.Auth = m.begin()
			return l.Auth.Start(server)
		}
	}
	return "", nil, errors.New("the server offers no way to sign in that is known here: take user and password out, or use another server")
}
