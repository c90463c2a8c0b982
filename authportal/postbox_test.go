package authportal

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/message"
	"github.com/gatehouse-auth/gatehouse/store"
)

// postbox is an outbox whose messages are composed when a test opens it, as the worker does.
type postbox struct {
	mu    sync.Mutex
	queue []store.Mail
	err   error

	failure store.MailFailure // what FailingMail returns
}

func (o *postbox) QueueMail(_ context.Context, m store.Mail) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.queue = append(o.queue, m)
	}
	return o.err
}

func (*postbox) ClaimMail(context.Context, time.Time, time.Time, int) ([]store.Mail, error) {
	return nil, nil
}

func (*postbox) RetryMail(context.Context, string, time.Time, string) error { return nil }

func (*postbox) DoneMail(context.Context, string) error { return nil }

func (o *postbox) WaitingMail(context.Context) (int, time.Time, error) {
	return o.failure.Count, o.failure.Oldest, nil
}

func (o *postbox) FailingMail(context.Context) (store.MailFailure, error) { return o.failure, nil }

func (o *postbox) take() []store.Mail {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.queue
	o.queue = nil
	return all
}

// sentMail is a message as its recipient gets it.
type sentMail struct{ *message.Message }

// token returns the token in the link of the message.
func (l *sentMail) token(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(l.Link)
	if err != nil || !strings.HasPrefix(l.Link, "https://") || u.Query().Get("token") == "" {
		t.Fatalf("the message links to %q", l.Link)
	}
	return u.Query().Get("token")
}

// mailWorld is newAccounts with mail, and with an outbox that the test reads.
func mailWorld(t *testing.T, opts ...worldOption) (*world, *postbox) {
	box := &postbox{}
	w, _ := newAccounts(t, append([]worldOption{func(c *Config) {
		c.Mail, c.Settings.ConfirmEmail = box, true
	}}, opts...)...)
	for host, s := range w.sites {
		s.Addresses = []string{"https://" + host, "http://" + host}
	}
	return w, box
}

// letters composes all queued messages, and those that they queue.
func (o *postbox) letters(w *world) (all []*sentMail) {
	w.t.Helper()
	for {
		queue := o.take()
		if len(queue) == 0 {
			return all
		}
		for _, m := range queue {
			l, err := w.p.SelfService.ResolveMail(w.t.Context(), m)
			if err != nil {
				w.t.Fatal(err)
			}
			if l != nil {
				all = append(all, &sentMail{l})
			}
		}
	}
}

// one returns the only queued message.
func (o *postbox) one(w *world, kind, to string) *sentMail {
	w.t.Helper()
	all := o.letters(w)
	if len(all) != 1 || all[0].Kind != kind || all[0].To != to {
		w.t.Fatalf("messages: %v, want one %q to %s", describe(all), kind, to)
	}
	return all[0]
}

func (o *postbox) none(w *world) {
	w.t.Helper()
	if all := o.letters(w); len(all) != 0 {
		w.t.Errorf("messages: %v, want none", describe(all))
	}
}

func describe(all []*sentMail) (list []string) {
	for _, l := range all {
		list = append(list, l.Kind+" to "+l.To)
	}
	slices.Sort(list)
	return list
}

const annSignsUp = `{"email":"ann@example.com","password":"correct horse"}`
