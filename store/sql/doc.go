// Package sql keeps users, credentials, the outbox of their changes and settings in SQLite or PostgreSQL, and, where
// sessions are embedded, sign-ins, tickets, counters and the feed in the same database: one implementation, two
// dialects. It owns the schema, its migrations and the connections. It never sees a secret that opens a door, never
// decides what a user may do, and never reads a clock but the one in its [store.Env] for anything that is stored.
//
// The modules are gatehouse.users.sqlite and gatehouse.users.postgres; [OpenSQLite] and [OpenPostgres] open the same
// stores without Caddy.
package sql
