// Package webhook owns the way of an event of the audit trail to another server: [Worker] takes what waits in the
// queue, and [Endpoint] signs and posts it as Standard Webhooks do (https://www.standardwebhooks.com). It never decides
// what is sent, keeps nothing but in the queue, and shows neither key nor address in an error or log.
package webhook
