package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-auth/gatehouse/authportal/mail"
	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Mail is the server that sends mail.
type Mail struct {
	// The address of the server: smtp://user:password@host:587, with STARTTLS where it is offered, or
	// smtps://user:password@host:465, encrypted from the first byte. The ports are the defaults. Placeholders work.
	Server string `json:"server"`

	// Who the mail is from, such as "Example <auth@example.com>". Placeholders work.
	From string `json:"from"`

	// For smtp://: "required" sends nothing unless the server offers STARTTLS; "off" does not use it, not even for user
	// and password. Default: STARTTLS where it is offered, and user and password over an encrypted connection or to this
	// machine only.
	TLS string `json:"tls,omitempty"`
}

// MailService is the outbox of a running configuration, and the way out of it.
type MailService struct {
	SMTP   *mail.SMTP
	Outbox store.Outbox // the store's own

	queue  store.Outbox // the same, which wakes the worker
	worker *mail.Worker
}

// readMail makes the sender. The address with its secret stays in unexported fields.
func (a *App) readMail() (err error) {
	if a.Mail == nil {
		return nil
	}
	server, err := expanded("the address of the mail server", a.Mail.Server)
	if err != nil {
		return fmt.Errorf("%smail: %w", site.At(a.Source), err)
	}
	from, err := expanded("from", a.Mail.From)
	if err != nil {
		return fmt.Errorf("%smail: %w", site.At(a.Source), err)
	}
	if a.smtp, err = mail.NewSMTP(server, from, mail.Encryption(a.Mail.TLS)); err != nil {
		return fmt.Errorf("%smail: %w", site.At(a.Source), err)
	}
	return nil
}

// expanded replaces placeholders; what is empty or missing is an error that names it.
func expanded(what, raw string) (string, error) {
	value, err := caddy.NewReplacer().ReplaceOrErr(raw, true, true)
	if err == nil && value == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w: set what the placeholder names, or write the value", what, err)
	}
	return value, nil
}

// openMail finds the outbox. It opens no connection.
func (a *App) openMail(run *Running, outbox store.Outbox) error {
	if a.smtp == nil {
		return nil
	}
	if outbox == nil {
		return errors.New("mail: this users store cannot keep mail until it is sent: use sqlite or postgres, or take " +
			"`mail` out")
	}
	worker := &mail.Worker{Outbox: outbox, Send: a.smtp.Send, Now: run.Now, Log: run.Log.With("part", "mail"),
		Compose: func(ctx context.Context, m store.Mail) (*mail.Message, error) {
			return run.Portal.SelfService.Compose(ctx, m)
		}}
	run.Mail = &MailService{SMTP: a.smtp, Outbox: outbox, queue: mail.Waking(outbox, worker.Wake), worker: worker}
	return nil
}

// startMail sends what waits until Stop. On a reload the next configuration's worker runs beside this one for a
// moment, and each message is sent by one of them.
func (a *App) startMail(run *Running) {
	if run.Mail == nil {
		run.Log.Info("no `mail` is configured: what needs it is off")
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run.Mail.worker.Run(ctx)
	}()
	a.stopMail = func() {
		cancel()
		<-ended
	}
	run.Log.Info("mail is sent through", "server", a.smtp.String(), "from", a.smtp.From())
}
