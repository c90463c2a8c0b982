package ops

import (
	"context"
	"time"

	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
)

// lateDelivery is the age at which an undelivered event is a fault: what is younger was put off once or twice, as a
// restart of any receiver does.
const lateDelivery = 5 * time.Minute

// checkWebhook reports what waits. It posts nothing: an event that did not happen has no place at the receiver.
func (o *operator) checkWebhook(ctx context.Context, report report) {
	if o.run.Webhook == nil {
		return
	}
	limited, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	to := o.run.Webhook.Endpoint.String()
	switch q, err := o.run.Webhook.Queue.WaitingDeliveries(limited); {
	case err != nil:
		report("webhook", false, "%v", err)
	case q.Waiting == 0:
		report("webhook", true, "%s was told everything", to)
	default:
		why := ""
		if q.Fault != "" {
			why = ": " + q.Fault
		}
		report("webhook", o.run.Now().Sub(q.Oldest) < lateDelivery, "%s was not told %s yet, the oldest of %s%s", to,
			app.Plural(q.Waiting, "event"), q.Oldest.UTC().Format(time.RFC3339), why)
	}
}
