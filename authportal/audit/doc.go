// Package audit owns the kinds of audit events, the emitter, which logs each event and passes it to the host, and the
// recorder, which writes the trail within a budget for what anonymous clients can cause. No event holds a secret.
package audit
