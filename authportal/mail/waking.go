package mail

import (
	"context"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Waking returns an outbox that calls wake after each message that was queued, so that it leaves at once. wake must not
// wait.
func Waking(o store.Outbox, wake func()) store.Outbox { return &waking{o, wake} }

type waking struct {
	store.Outbox
	wake func()
}

func (w *waking) QueueMail(ctx context.Context, m store.Mail) error {
	err := w.Outbox.QueueMail(ctx, m)
	if err == nil {
		w.wake()
	}
	return err
}
