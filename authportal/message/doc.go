// Package message owns the kinds of email that Gatehouse sends, what the outbox keeps of each, and the facts that its
// template gets. It never sends a message and never decides that one is due.
package message
