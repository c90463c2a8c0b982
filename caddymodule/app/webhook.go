package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-auth/gatehouse/authportal/webhook"
	"github.com/gatehouse-auth/gatehouse/caddymodule/metrics"
	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Webhook is a server that is sent every event of the audit trail.
type Webhook struct {
	// Where events are posted: https://…, or http://… on this machine. Placeholders work.
	URL string `json:"url"`

	// Keys that sign what is posted: whsec_ and base64 of 24 to 64 bytes. With several, every one signs, so that they
	// can be exchanged. Placeholders work. Default: a key that derives from the root secret, shown by `caddy gatehouse
	// audit key`.
	Secret []string `json:"secret,omitempty"`
}

// readWebhook replaces placeholders. Their values stay in unexported fields.
func (a *App) readWebhook() (err error) {
	if a.Audit == nil || a.Audit.Webhook == nil {
		return nil
	}
	if a.webhookURL, err = expanded("the address", a.Audit.Webhook.URL); err == nil {
		_, err = webhook.CheckURL(a.webhookURL)
	}
	if err != nil {
		return fmt.Errorf("%saudit: webhook: %w", site.At(a.Source), err)
	}
	for i, raw := range a.Audit.Webhook.Secret {
		name := fmt.Sprintf("secret %d", i+1)
		text, err := expanded(name, raw)
		if err != nil {
			return fmt.Errorf("%saudit: webhook: %w", site.At(a.Source), err)
		}
		key, err := webhook.ParseKey(text)
		if err != nil {
			return fmt.Errorf("%saudit: webhook: %s: %w", site.At(a.Source), name, err)
		}
		a.webhookKeys = append(a.webhookKeys, key)
	}
	return nil
}

// WebhookService is the webhook of a running configuration.
type WebhookService struct {
	Queue    store.Deliveries
	Endpoint *webhook.Endpoint

	worker *webhook.Worker
}

// openWebhook finds the queue. It opens no connection.
func (a *App) openWebhook(run *Running, queue store.Deliveries) (err error) {
	if a.webhookURL == "" {
		return nil
	}
	if queue == nil {
		return errors.New("audit: webhook: this users store cannot keep events until they are delivered: use sqlite or " +
			"postgres, or take `webhook` out")
	}
	keys := a.webhookKeys
	if keys == nil {
		if keys, err = run.Keys.WebhookKeys(); err != nil {
			return err
		}
	}
	endpoint, err := webhook.New(a.webhookURL, run.Now, keys...)
	if err != nil {
		return fmt.Errorf("audit: webhook: %w", err)
	}
	run.Webhook = &WebhookService{queue, endpoint, &webhook.Worker{Queue: queue, Post: endpoint.Post,
		Tried: metrics.Process.CountDelivery, Now: run.Now, Log: run.Log.With("part", "webhook")}}
	return nil
}

// configureAudit makes the recorder of the audit trail, which configurations share, do what this one says.
func (a *App) configureAudit(run *Running) error {
	recorder := a.lease.Value().recorder
	if recorder == nil {
		return nil
	}
	recorder.Keep(a.Audit.keep())
	if run.Webhook == nil {
		return recorder.Deliver(nil)
	}
	return recorder.Deliver(run.Webhook.worker.Wake)
}

// startWebhook delivers what waits until Stop. On a reload the next configuration's worker runs beside this one for a
// moment, and each event is delivered by one of them.
func (a *App) startWebhook(run *Running) {
	if run.Webhook == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run.Webhook.worker.Run(ctx)
	}()
	a.stopWebhook = func() {
		cancel()
		<-ended
		run.Webhook.Endpoint.Close()
	}
	run.Log.Info("events of the audit trail are posted to", "receiver", run.Webhook.Endpoint.String())
}

// DerivedWebhookKey opens the configuration, which must not have started, and returns the key that signs what the
// webhook posts where none is configured.
func (a *App) DerivedWebhookKey(ctx context.Context) (string, error) {
	if a.webhookKeys != nil {
		return "", errors.New("the configuration names the key itself: the receiver needs that one")
	}
	run, err := a.prepare(ctx)
	if err != nil {
		return "", err
	}
	keys, err := run.Keys.WebhookKeys()
	if err != nil {
		return "", err
	}
	return webhook.FormatKey(keys[0]), nil
}
