// Package store says what Gatehouse remembers: the records, the small interfaces that drivers implement, and the errors
// that callers test for. It owns no connection and no query, and it never keeps a secret that opens a door: sessions,
// tickets and tokens are known by the SHA-256 of their secret only.
//
// Two stores exist. The users store ([Users], [Credentials], [Changes]) is always SQL. The session store ([Sessions],
// [Tickets], [Counters], [Feed]) is Redis, or the same SQL database. Packages store/sql and store/redis are the
// drivers, store/feed is what they have in common, store/relay carries changes from the one store to the other,
// store/cache wraps any session store, store/storetest is the suite that every driver passes.
package store
