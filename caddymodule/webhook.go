package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/gatehouse-auth/gatehouse/authportal/webhook"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Webhook is a server that is told every event of the audit trail.
type Webhook struct {
	// Where events are posted: https://…, or http://… on this machine. Placeholders work.
	URL string `json:"url"`

	// Keys that sign what is posted: whsec_ and base64 of 24 to 64 bytes. With several, every one signs, so that they can be
	// exchanged. Placeholders work. Default: a key that derives from the root secret, shown by `caddy gatehouse audit key`.
	Secret []string `json:"secret,omitempty"`
}

const webhookUsage = "webhook https://log.example.com/hook { secret {env.WEBHOOK_KEY} }"

// webhook reads the word webhook. Syntax:
//
//	webhook <url> {
//	    secret <key> [<older>...]
//	}
func (a *Audit) webhook(d *caddyfile.Dispenser) error {
	if d.CountRemainingArgs() != 1 {
		return d.Errf("webhook has %s: write `%s`", count(d.CountRemainingArgs(), "argument"), webhookUsage)
	}
	d.NextArg()
	w := &Webhook{URL: d.Val()}
	if !strings.Contains(w.URL, "{") { // else only the start can tell
		if _, err := webhook.CheckURL(w.URL); err != nil {
			return d.WrapErr(err)
		}
	}
	a.Webhook = w
	return words{
		"secret": func(d *caddyfile.Dispenser) (err error) {
			if w.Secret, err = args(d, 1, -1, "secret <key> [<older>...]"); err != nil {
				return err
			}
			for i, key := range w.Secret {
				if strings.Contains(key, "{") {
					continue
				}
				if _, err := webhook.ParseKey(key); err != nil {
					return d.Errf("secret %d: %v", i+1, err)
				}
			}
			return nil
		},
	}.block(d, "webhook")
}

// readWebhook replaces placeholders. What they stand for stays in unexported fields.
func (a *App) readWebhook() (err error) {
	if a.Audit == nil || a.Audit.Webhook == nil {
		return nil
	}
	if a.hookURL, err = expanded("the address", a.Audit.Webhook.URL); err == nil {
		_, err = webhook.CheckURL(a.hookURL)
	}
	if err != nil {
		return fmt.Errorf("%saudit: webhook: %w", at(a.Source), err)
	}
	for i, raw := range a.Audit.Webhook.Secret {
		name := fmt.Sprintf("secret %d", i+1)
		text, err := expanded(name, raw)
		if err != nil {
			return fmt.Errorf("%saudit: webhook: %w", at(a.Source), err)
		}
		key, err := webhook.ParseKey(text)
		if err != nil {
			return fmt.Errorf("%saudit: webhook: %s: %w", at(a.Source), name, err)
		}
		a.hookKeys = append(a.hookKeys, key)
	}
	return nil
}

// hook is the webhook of a running configuration.
type hook struct {
	queue    store.Deliveries
	endpoint *webhook.Endpoint
	worker   *webhook.Worker
}

// openWebhook finds the queue. It connects to nobody.
func (a *App) openWebhook(run *Running, users store.UserStore) (err error) {
	if a.hookURL == "" {
		return nil
	}
	queue, ok := users.(store.Deliveries)
	if !ok {
		return errors.New("audit: webhook: this users store cannot keep events until they are told: use sqlite or postgres, or take `webhook` out")
	}
	keys := a.hookKeys
	if keys == nil {
		if keys, err = run.Keys.WebhookKeys(); err != nil {
			return err
		}
	}
	endpoint, err := webhook.New(a.hookURL, run.Now, keys...)
	if err != nil {
		return fmt.Errorf("audit: webhook: %w", err)
	}
	run.webhook = &hook{queue, endpoint, &webhook.Worker{Queue: queue, Post: endpoint.Post, Tried: processMetrics.countDelivery,
		Now: run.Now, Log: run.Log.With("part", "webhook")}}
	return nil
}

// keepTrail makes the recorder of the audit trail, which configurations share, do what this one says.
func (a *App) keepTrail(run *Running) error {
	recorder := a.lease.Value().recorder
	if recorder == nil {
		return nil
	}
	recorder.Keep(a.Audit.keep())
	if run.webhook == nil {
		return recorder.Deliver(nil)
	}
	return recorder.Deliver(run.webhook.worker.Wake)
}

// startWebhook tells what waits until Stop. On a reload the next configuration's worker runs beside this one for a moment,
// and each event is told by one of them.
func (a *App) startWebhook(run *Running) {
	if run.webhook == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run.webhook.worker.Run(ctx)
	}()
	a.endWebhook = func() {
		cancel()
		<-ended
		run.webhook.endpoint.Close()
	}
	run.Log.Info("events of the audit trail are posted to", "receiver", run.webhook.endpoint.String())
}

// lateDelivery is when an event that nobody was told yet is a fault: what is younger was put off once or twice, as a restart
// of any receiver does.
const lateDelivery = 5 * time.Minute

// lookAtWebhook tells what waits. It posts nothing: an event that did not happen has no place at the receiver.
func (o *operator) lookAtWebhook(ctx context.Context, tell teller) {
	if o.run.webhook == nil {
		return
	}
	limited, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	to := o.run.webhook.endpoint.String()
	switch q, err := o.run.webhook.queue.WaitingDeliveries(limited); {
	case err != nil:
		tell("webhook", false, "%v", err)
	case q.Waiting == 0:
		tell("webhook", true, "%s was told everything", to)
	default:
		why := ""
		if q.Fault != "" {
			why = ": " + q.Fault
		}
		tell("webhook", o.run.Now().Sub(q.Oldest) < lateDelivery, "%s was not told %s yet, the oldest of %s%s", to, count(q.Waiting, "event"),
			q.Oldest.UTC().Format(time.RFC3339), why)
	}
}
