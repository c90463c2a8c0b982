package mail

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// defaultTimeout bounds a whole message, from the first packet to the last.
const defaultTimeout = time.Minute

// Send sends one message to one recipient. [ErrRefused] says that trying again is of no use.
func (s *SMTP) Send(ctx context.Context, m *Message) error {
	if err := m.check(); err != nil {
		return err
	}
	encoded := s.encode(m)
	return s.connected(ctx, func(c *gomail.Client) error {
		err := c.Send(encoded)
		if encoded.IsDelivered() {
			return nil // a failure after the server accepted it is no reason to send it twice
		}
		return sendingFault(err)
	})
}

// Check connects, encrypts and signs in as for a message, and sends none.
func (s *SMTP) Check(ctx context.Context) error {
	return s.connected(ctx, func(c *gomail.Client) error {
		if err := c.Reset(); err != nil {
			return fmt.Errorf("asking the mail server %s: %w", s, err)
		}
		return nil
	})
}

// connected runs do while a connection to the server is open, and closes it in any case, when ctx ends or time runs out
// at the latest.
func (s *SMTP) connected(ctx context.Context, do func(*gomail.Client) error) error {
	limit := s.Timeout
	if limit <= 0 {
		limit = defaultTimeout
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var conn net.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close() // go-mail leaves it open if it fails half-way
		}
	}()
	client, err := s.client(limit, func(ctx context.Context, network, address string) (net.Conn, error) {
		var err error
		if conn, err = s.dial(ctx, network, address); err != nil {
			return nil, err
		}
		// A silent server delays no caller longer than the caller wants to wait.
		context.AfterFunc(limited, func() { _ = conn.Close() })
		return conn, nil
	})
	if err != nil {
		return fmt.Errorf("setting up mail: %w", err)
	}
	if err = client.DialWithContext(limited); err != nil {
		err = fmt.Errorf("connecting to the mail server %s: %w", s, err)
	} else if err = do(client); err == nil {
		_ = client.Close() // QUIT is a courtesy
		return nil
	}
	switch cause := limited.Err(); {
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	case cause != nil:
		return fmt.Errorf("the mail server %s did not answer within %s: %w", s, limit, err)
	}
	return err
}

func (s *SMTP) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.implicit {
		d := tls.Dialer{Config: s.tlsConfig()}
		return d.DialContext(ctx, network, address)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

func (s *SMTP) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: s.host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
}

func (s *SMTP) client(limit time.Duration, dial gomail.DialContextFunc) (*gomail.Client, error) {
	policy := gomail.TLSOpportunistic
	switch s.tls {
	case Required:
		policy = gomail.TLSMandatory
	case Off:
		policy = gomail.NoTLS
	}
	// The context's limit is the one that counts, and must be reached first to be reported.
	options := []gomail.Option{gomail.WithPort(s.port), gomail.WithTimeout(limit + time.Minute), gomail.WithTLSPolicy(policy),
		gomail.WithTLSConfig(s.tlsConfig()), gomail.WithDialContextFunc(dial), gomail.WithoutNoop()}
	if s.implicit {
		options = append(options, gomail.WithSSL())
	}
	if s.user != "" {
		options = append(options, gomail.WithSMTPAuthCustom(&login{user: s.user, pass: s.pass, host: s.host,
			openly: s.tls == Off || s.loopback()}))
	}
	return gomail.NewClient(s.host, options...)
}

// encode returns the message as it is sent. It loads nothing from anywhere and reports to no one that it was read.
func (s *SMTP) encode(m *Message) *gomail.Msg {
	id := m.ID
	if id == "" {
		id = strings.ToLower(rand.Text())
	}
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	_, domain, _ := strings.Cut(s.from.Address, "@")
	g := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	g.FromMailAddress(&s.from)
	g.ToMailAddress(&mail.Address{Address: m.To})
	g.Subject(m.Subject)
	g.SetMessageIDWithValue(id + "@" + domain)
	g.SetDateWithValue(now())
	g.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5: no holiday notice comes back
	g.SetGenHeader("X-Auto-Response-Suppress", "All")  // the same for Exchange
	g.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		g.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return g
}

// sendingFault says what went wrong without what a server may have said about the message: filters like to quote the
// links in it, and those hold one-time secrets.
func sendingFault(err error) error {
	var e *gomail.SendError
	if !errors.As(err, &e) {
		return fmt.Errorf("sending: %w", err)
	}
	code, enhanced := e.ErrorCode(), e.EnhancedStatusCode()
	said := strings.TrimSpace(fmt.Sprintf("%d %s", code, enhanced))
	var out error
	switch {
	case code == 0:
		return fmt.Errorf("sending: the connection broke: %s", e.Reason)
	case e.Reason == gomail.ErrSMTPMailFrom:
		return fmt.Errorf("sending: the server does not take letters of this sender: %s", said)
	case e.Reason == gomail.ErrSMTPRcptTo:
		out = fmt.Errorf("sending: the server does not take letters to this recipient: %s", said)
	default:
		out = fmt.Errorf("sending: the server did not take the letter: %s", said)
	}
	// 530 and X.7 are about the sender and its rights, which the operator can fix; the rest is about the recipient.
	if code >= 500 && code != 530 && !strings.HasPrefix(enhanced, "5.7.") {
		return fmt.Errorf("%w: %w", ErrRefused, out)
	}
	return out
}
