// Package mail owns the way of a letter from the outbox to a mail server: [Worker] takes what waits, has it written by a
// [Composer], sends it through [SMTP], and tries again what failed. It never knows what a letter says or why it is sent,
// keeps nothing but in the outbox, and logs no subject, body or secret.
package mail
