// Package ops is what an operator of the server can do, below /gatehouse/ of Caddy's admin endpoint. It owns the
// requests and responses of the command line. It never listens by itself, and never shows what proves an identity.
package ops
