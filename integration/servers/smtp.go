package servers

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// SMTPOptions say what a mail server is like.
type SMTPOptions struct {
	Implicit bool   // TLS from the first byte
	StartTLS bool   // offered
	User     string // must be given, with Password; only over TLS unless Openly
	Password string
	Openly   bool
}

// Letter is one that arrived.
type Letter struct {
	From, To   string // of the envelope
	Secure     bool   // came over TLS
	User       string // who had signed in
	Header     mail.Header
	Text, HTML string
	Raw        string
}

// SMTP is a mail server in the test's own process that keeps what it is sent.
type SMTP struct {
	Addr      string // host:port
	Authority string // file of the certificate that vouches for the server
	Roots     *x509.CertPool

	options SMTPOptions
	server  *smtp.Server
	letters chan Letter

	mu      sync.Mutex
	refusal *smtp.SMTPError
	atData  bool
	hang    chan struct{} // nil: answers
	silence chan struct{} // nil: letters that were taken are acknowledged
}

// StartSMTP starts a mail server that ends with the test.
func StartSMTP(t testing.TB, o SMTPOptions) *SMTP {
	t.Helper()
	files, err := writeCertificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(files.authority)
	if err != nil {
		t.Fatal(err)
	}
	s := &SMTP{Authority: files.authority, Roots: x509.NewCertPool(), options: o, letters: make(chan Letter, 1000)}
	s.Roots.AppendCertsFromPEM(pem)
	pair, err := tls.LoadX509KeyPair(files.certificate, files.key)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}}
	s.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		s.waitWhileHanging()
		session := &smtpSession{server: s, conn: c}
		if o.User == "" {
			return struct{ smtp.Session }{session}, nil // no AUTH
		}
		return session, nil
	}))
	s.server.Domain = "mail.test"
	s.server.AllowInsecureAuth = o.Openly
	s.server.EnableSMTPUTF8 = true
	s.server.ErrorLog = silent{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Addr = listener.Addr().String()
	if o.Implicit {
		listener = tls.NewListener(listener, config)
	} else if o.StartTLS {
		s.server.TLSConfig = config
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.server.Serve(listener) // ends with the test
	}()
	t.Cleanup(func() {
		s.Answer()
		_ = s.server.Close()
		_ = listener.Close() // the server does not know it yet where a test is that quick
		<-ended
	})
	return s
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// Letters returns where letters arrive.
func (s *SMTP) Letters() <-chan Letter { return s.letters }

// RefuseRecipients makes the server refuse every recipient from now on.
func (s *SMTP) RefuseRecipients(code int, enhanced [3]int, text string) {
	s.refuse(code, enhanced, text, false)
}

// RefuseLetters makes the server refuse every letter once it has read it.
func (s *SMTP) RefuseLetters(code int, enhanced [3]int, text string) {
	s.refuse(code, enhanced, text, true)
}

func (s *SMTP) refuse(code int, enhanced [3]int, text string, atData bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal, s.atData = &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}, atData
}

// Hang makes the server accept connections and say nothing.
func (s *SMTP) Hang() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hang == nil {
		s.hang = make(chan struct{})
	}
}

// TakeSilently makes the server take letters without saying so.
func (s *SMTP) TakeSilently() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silence == nil {
		s.silence = make(chan struct{})
	}
}

// Answer ends Hang, TakeSilently and refusals.
func (s *SMTP) Answer() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, held := range []chan struct{}{s.hang, s.silence} {
		if held != nil {
			close(held)
		}
	}
	s.hang, s.silence, s.refusal = nil, nil, nil
}

func (s *SMTP) waitWhileHanging() {
	s.mu.Lock()
	hang := s.hang
	s.mu.Unlock()
	if hang != nil {
		<-hang
	}
}

func (s *SMTP) refused(atData bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refusal != nil && s.atData == atData {
		return s.refusal
	}
	return nil
}

// smtpSession is one connection.
type smtpSession struct {
	server         *SMTP
	conn           *smtp.Conn
	user, from, to string
}

func (c *smtpSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *smtpSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != c.server.options.User || password != c.server.options.Password {
			return smtp.ErrAuthFailed
		}
		c.user = user
		return nil
	}), nil
}

func (c *smtpSession) Mail(from string, _ *smtp.MailOptions) error {
	if c.user != c.server.options.User {
		return smtp.ErrAuthRequired
	}
	c.from = from
	return nil
}

func (c *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if c.to != "" {
		return errors.New("one recipient a letter")
	}
	c.to = to
	return c.server.refused(false)
}

func (c *smtpSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := c.server.refused(true); err != nil {
		return err
	}
	_, secure := c.conn.TLSConnectionState()
	l := Letter{From: c.from, To: c.to, Secure: secure, User: c.user, Raw: string(raw)}
	if err := l.read(); err != nil {
		return err
	}
	c.server.letters <- l
	c.server.mu.Lock()
	silence := c.server.silence
	c.server.mu.Unlock()
	if silence != nil {
		<-silence
	}
	return nil
}

func (c *smtpSession) Reset()        { c.from, c.to = "", "" }
func (c *smtpSession) Logout() error { return nil }

// read takes a letter apart as a mail program would.
func (l *Letter) read() error {
	m, err := mail.ReadMessage(strings.NewReader(l.Raw))
	if err != nil {
		return err
	}
	l.Header = m.Header
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		l.Text, err = bodyText(m.Header.Get("Content-Transfer-Encoding"), m.Body)
		return err
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		text, err := bodyText(part.Header.Get("Content-Transfer-Encoding"), part)
		if err != nil {
			return err
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			l.HTML = text
		} else {
			l.Text = text
		}
	}
}

func bodyText(encoding string, r io.Reader) (string, error) {
	if strings.EqualFold(encoding, "quoted-printable") {
		r = quotedprintable.NewReader(r)
	}
	b, err := io.ReadAll(r)
	return string(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))), err
}
