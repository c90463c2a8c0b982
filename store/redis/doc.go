// Package redis keeps sessions, tickets and counters in Redis and tells every instance of the gateway of changes
// through publish/subscribe: on a single server, behind Sentinel, or in a Cluster; over TCP, TLS or a unix socket. It
// owns the keys under its prefix and touches no other; it never keeps a secret that opens a session, never reads from a
// replica, and never trusts the server's clock: deadlines are judged by store.Env.Now, the server's expiry only cleans
// up.
//
// # Records
//
// Every session is one string key, named by the SHA-256 of its secret, that holds all that judging it needs: whose it
// is, its limits and proofs, and the identity. So one GET answers a request in every topology. The record of a sign-in
// also lists its children; it is where everything that concerns the family is decided, because a Cluster cannot change
// two keys at once. Records change by compare-and-swap only: a record that is gone stays gone, and who comes second
// reads again.
//
// A crash between two steps must never leave a session alive that no end can find. Therefore a child is written before
// it is listed and its secret is shown after; children are deleted before the sign-in that lists them; and where a
// sign-in changes its key, the old record turns into a pointer to the new one in the very step that ends the old
// secret.
//
// A session that changes its secret without a proof stays where it is: the record lists its secrets, which of them is
// present and when each grew old, and each but the first has an alias, a small key that leads to the record. An alias
// decides nothing: it is written before its secret is listed, and belongs to no session where the record does not list
// it.
package redis
