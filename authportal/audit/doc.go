// Package audit owns the kinds of audit events and the recorder, which passes each event to the log, to the host and to the
// trail, within a budget for what strangers can cause. It never decides what happened, and no event holds a secret.
package audit
