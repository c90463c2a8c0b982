// Package audit owns the kinds of audit events, the emitter, which logs each event and passes it to the host, and the
// recorder, which writes the trail within a budget for what anonymous clients can cause. It never decides whether an
// act is allowed, and never records a secret.
package audit
