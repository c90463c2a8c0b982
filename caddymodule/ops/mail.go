package ops

import (
	"context"
	"net/http"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/selfservice"
	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
	"github.com/gatehouse-auth/gatehouse/store"
)

// mailTimeout bounds what the doctor does with a mail server; it is less than the command line waits.
const mailTimeout = 10 * time.Second

// checkMail signs in to the mail server as for a message, and reports what waits.
func (o *operator) checkMail(ctx context.Context, report report) {
	if o.run.Mail == nil {
		report("mail", true, "not configured: what needs it is off")
		return
	}
	limited, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	if err := o.run.Mail.SMTP.Check(limited); err != nil {
		report("mail", false, "%v", err)
	} else {
		report("mail", true, "%s answers and would send from %s", o.run.Mail.SMTP, o.run.Mail.SMTP.From())
	}
	waiting, oldest, err := o.run.Mail.Outbox.WaitingMail(limited)
	switch {
	case err != nil:
		report("outbox", false, "%v", err)
	case waiting == 0:
		report("outbox", true, "nothing waits")
	default:
		// What is younger is on its way, or was put off once or twice as any server does.
		fresh := o.run.Now().Sub(oldest) < 15*time.Minute
		report("outbox", fresh, "%s, the oldest since %s", waitingText(waiting), oldest.UTC().Format(time.RFC3339))
	}
}

func waitingText(n int) string {
	if n == 1 {
		return "one letter waits"
	}
	return app.Plural(n, "letter") + " wait"
}

// sendTest answers POST /gatehouse/doctor/mail: sends one message straight to the server, and reports its answer.
func (o *operator) sendTest(r *http.Request) (any, error) {
	var in struct {
		To string `json:"to"`
	}
	if err := decodeBody(r, &in); err != nil {
		return nil, err
	}
	if o.run.Mail == nil {
		return nil, statusErrorf(http.StatusConflict, "no mail is configured: write `mail smtp://…` in the gatehouse block")
	}
	ctx, cancel := context.WithTimeout(r.Context(), mailTimeout)
	defer cancel()
	message, err := o.run.Portal.SelfService.Compose(ctx, store.Mail{Kind: selfservice.TestMail, To: in.To})
	if err != nil {
		return nil, err
	}
	if err := o.run.Mail.SMTP.Send(ctx, message); err != nil {
		return nil, statusErrorf(http.StatusBadGateway, "%v", err)
	}
	return map[string]string{"server": o.run.Mail.SMTP.String(), "from": o.run.Mail.SMTP.From(), "to": in.To}, nil
}
