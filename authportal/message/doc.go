// Package message owns the kinds of messages to people, what waits in the outbox for each, and which facts its wording is
// given. It never sends one, and never decides that one is due.
package message
