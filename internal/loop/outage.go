package loop

import "log/slog"

// Outage counts failures in a row, and logs the first of them and the success after the last. It is for one goroutine.
type Outage struct {
	Log     *slog.Logger // nil: nothing is logged
	Severe  bool         // Failing is an error, not a warning
	Failing string       // empty: failures are not logged
	Working string       // logged as information; empty: it is not

	failures int
}

// Failed notes a failure, and returns how many there were in a row.
func (o *Outage) Failed(err error) int {
	o.failures++
	if o.failures == 1 && o.Log != nil && o.Failing != "" {
		log := o.Log.Warn
		if o.Severe {
			log = o.Log.Error
		}
		log(o.Failing, "error", err)
	}
	return o.failures
}

// Worked notes a success.
func (o *Outage) Worked() {
	if o.failures > 0 && o.Log != nil && o.Working != "" {
		o.Log.Info(o.Working)
	}
	o.failures = 0
}

// Failures returns how many failures in a row there were until now.
func (o *Outage) Failures() int { return o.failures }
