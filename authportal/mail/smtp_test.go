package mail

import (
	"context"
	"crypto/x509"
	"errors"
	"mime"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

const from = `Exämple <auth@example.com>`

func sender(t *testing.T, server *servers.SMTP, address string, encryption Encryption) *SMTP {
	t.Helper()
	s, err := NewSMTP(strings.Replace(address, "HOST", server.Addr, 1), from, encryption)
	if err != nil {
		t.Fatal(err)
	}
	s.Roots = server.Roots
	return s
}

var message = Message{To: "ann@example.org", Subject: "Größe – confirm", Text: "Hello\nhttps://example.com/?token=s3cret\n",
	HTML: `<p>Hello <a href="https://example.com/?token=s3cret">link</a></p>`, ID: "abc123"}

func TestAMessageArrivesAsItWasWritten(t *testing.T) {
	server := servers.StartSMTP(t, servers.SMTPOptions{StartTLS: true, User: "ann@example.com", Password: "p@ss/wörd:1"})
	s := sender(t, server, "smtp://ann@example.com:p@ss/wörd:1@HOST", whenOffered)
	s.Now = func() time.Time { return time.Date(2026, 11, 25, 7, 0, 0, 0, time.UTC) }
	if err := s.Send(t.Context(), &message); err != nil {
		t.Fatal(err)
	}
	got := <-server.Letters()
	if got.From != "auth@example.com" || got.To != message.To || !got.Secure || got.User != "ann@example.com" {
		t.Errorf("the envelope: %+v", got)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	if err != nil || subject != message.Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	if sender, err := mail.ParseAddress(got.Header.Get("From")); err != nil || sender.Name != "Exämple" || sender.Address != "auth@example.com" {
		t.Errorf("from %v, %v", sender, err)
	}
	if strings.TrimSpace(got.Text) != strings.TrimSpace(message.Text) || strings.TrimSpace(got.HTML) != message.HTML {
		t.Errorf("text %q, html %q", got.Text, got.HTML)
	}
	for name, want := range map[string]string{"To": "<ann@example.org>", "Message-Id": "<abc123@example.com>", "Auto-Submitted": "auto-generated",
		"Date": "Wed, 25 Nov 2026 07:00:00 +0000"} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s: %q, want %q", name, v, want)
		}
	}
	for _, name := range []string{"User-Agent", "X-Mailer", "Bcc", "Cc"} {
		if v := got.Header.Get(name); v != "" {
			t.Errorf("%s: %q", name, v)
		}
	}
}

func TestHowTheWayToTheServerIsProtected(t *testing.T) {
	credentials := servers.SMTPOptions{User: "ann", Password: "secret"}
	plain, offered := credentials, credentials
	plain.Openly, offered.StartTLS = true, true
	implicit := servers.SMTPOptions{Implicit: true, User: "ann", Password: "secret"}
	for _, c := range []struct {
		name       string
		options    servers.SMTPOptions
		address    string
		encryption Encryption
		strangers  bool // the server's certificate is of an unknown authority
		secure     bool
		fault      string
	}{
		{"STARTTLS is used when it is offered", offered, "smtp://ann:secret@HOST", whenOffered, false, true, ""},
		{"STARTTLS is used where it is required", offered, "smtp://ann:secret@HOST", Required, false, true, ""},
		{"without STARTTLS nothing is sent where it is required", servers.SMTPOptions{}, "smtp://HOST", Required, false, false, "STARTTLS"},
		{"tls off does not use what is offered", servers.SMTPOptions{StartTLS: true}, "smtp://HOST", Off, false, false, ""},
		{"this machine is given credentials in the open", plain, "smtp://ann:secret@HOST", whenOffered, false, false, ""},
		{"smtps is encrypted from the first byte", implicit, "smtps://ann:secret@HOST", whenOffered, false, true, ""},
		{"a server without users needs none", servers.SMTPOptions{StartTLS: true}, "smtp://HOST", whenOffered, false, true, ""},
		{"a wrong password is reported", offered, "smtp://ann:wrong@HOST", whenOffered, false, false, "AUTH failed"},
		{"a missing password is reported", offered, "smtp://HOST", whenOffered, false, false, "502"},
		{"a server that knows no users is reported", servers.SMTPOptions{StartTLS: true}, "smtp://ann:secret@HOST", whenOffered, false, false, "no way to sign in"},
		{"a stranger's certificate is refused after STARTTLS", offered, "smtp://ann:secret@HOST", whenOffered, true, false, "certificate"},
		{"a stranger's certificate is refused by smtps", implicit, "smtps://ann:secret@HOST", whenOffered, true, false, "certificate"},
		{"smtps does not speak to a server in the open", servers.SMTPOptions{}, "smtps://HOST", whenOffered, false, false, "tls"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := servers.StartSMTP(t, c.options)
			s := sender(t, server, c.address, c.encryption)
			if c.strangers {
				s.Roots = x509.NewCertPool()
			}
			err := s.Send(t.Context(), &message)
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) || errors.Is(err, ErrRefused) {
					t.Fatalf("%v, want a passing fault that says %q", err, c.fault)
				}
				if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "wrong") {
					t.Fatalf("the error shows the password: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := <-server.Letters(); got.Secure != c.secure || got.User != c.options.User {
				t.Errorf("secure %t, user %q", got.Secure, got.User)
			}
			if err := s.Check(t.Context()); err != nil {
				t.Errorf("the check: %v", err)
			}
			if n := len(server.Letters()); n != 0 {
				t.Errorf("the check sent %d messages", n)
			}
		})
	}
}

// An attacker on the path takes STARTTLS out of the greeting.
func TestCredentialsDoNotLeaveInTheOpen(t *testing.T) {
	server := servers.StartSMTP(t, servers.SMTPOptions{User: "ann", Password: "secret", Openly: true})
	s := sender(t, server, "smtp://ann:secret@HOST", whenOffered)
	if !s.loopback() {
		t.Fatal("the test server is not on this machine")
	}
	l := &login{user: "ann", pass: "secret"}
	s.host = "mail.example.com" // as far as the sender knows
	if s.loopback() {
		t.Fatal("mail.example.com is this machine")
	}
	if _, _, err := l.Start(&smtp.ServerInfo{Auth: []string{"PLAIN", "SCRAM-SHA-256"}}); err == nil || !strings.Contains(err.Error(), "not encrypted") {
		t.Errorf("signed in over an open connection: %v", err)
	}
}

func TestOnlyARefusedRecipientIsForGood(t *testing.T) {
	for _, c := range []struct {
		code     int
		enhanced [3]int
		atData   bool
		forGood  bool
	}{
		{550, [3]int{5, 1, 1}, false, true},
		{450, [3]int{4, 2, 0}, false, false},
		{550, [3]int{5, 7, 1}, false, false}, // relaying denied: the operator's to mend
		{552, [3]int{5, 3, 4}, true, true},
		{451, [3]int{4, 3, 0}, true, false},
	} {
		server := servers.StartSMTP(t, servers.SMTPOptions{})
		s := sender(t, server, "smtp://HOST", whenOffered)
		refuse := server.RefuseRecipients
		if c.atData {
			refuse = server.RefuseLetters
		}
		refuse(c.code, c.enhanced, "look at https://example.com/?token=s3cret")
		err := s.Send(t.Context(), &message)
		if err == nil || errors.Is(err, ErrRefused) != c.forGood {
			t.Errorf("%d %v: %v, for good: %t", c.code, c.enhanced, err, c.forGood)
		}
		if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "ann@")) {
			t.Errorf("the error quotes the message: %v", err)
		}
		server.Answer()
		if err := s.Send(t.Context(), &message); err != nil {
			t.Errorf("after the refusal: %v", err)
		}
	}
}

func TestAServerThatHangsDelaysNoCaller(t *testing.T) {
	server := servers.StartSMTP(t, servers.SMTPOptions{})
	server.Hang()
	s := sender(t, server, "smtp://HOST", whenOffered)
	s.Timeout = 50 * time.Millisecond
	if err := s.Send(t.Context(), &message); err == nil || !strings.Contains(err.Error(), "did not answer within") {
		t.Error(err)
	}
	s.Timeout = 0
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Send(ctx, &message); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestNoMessageHasAHeaderOrRecipientTooMany(t *testing.T) {
	server := servers.StartSMTP(t, servers.SMTPOptions{})
	s := sender(t, server, "smtp://HOST", whenOffered)
	for _, change := range []func(*Message){
		func(m *Message) { m.To = "ann@example.org\r\nRCPT TO:<eve@example.org>" },
		func(m *Message) { m.To = "ann@example.org, eve@example.org" },
		func(m *Message) { m.To = "Ann <ann@example.org>" },
		func(m *Message) { m.To = "" },
		func(m *Message) { m.Subject = "Hello\r\nBcc: eve@example.org" },
		func(m *Message) { m.Subject = "" },
		func(m *Message) { m.Text = "" },
		func(m *Message) { m.ID = "a>\r\nBcc: eve@example.org" },
	} {
		m := message
		change(&m)
		if err := s.Send(t.Context(), &m); !errors.Is(err, ErrRefused) {
			t.Errorf("%+v: %v", m, err)
		}
	}
	if n := len(server.Letters()); n != 0 {
		t.Errorf("%d messages arrived", n)
	}
}
