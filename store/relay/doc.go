// Package relay carries changes of accounts from the users store to the session store. It owns the one loop that does,
// and keeps nothing by itself: what is not acknowledged yet is in the outbox of the users store, and never lost.
package relay
