// Package mail owns the way of a message from the outbox to a mail server: [Worker] takes what waits, has it written by
// a [Composer], sends it through [SMTP], and retries what failed. It never knows what a message says or why it is sent,
// keeps nothing but in the outbox, and logs no subject, body or secret.
package mail
