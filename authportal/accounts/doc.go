// Package accounts owns the rules of accounts: their names, columns, roles and credentials, how each is created,
// changed and imported, which account an outside identity belongs to, and the one list of what opens an account. It
// never sees a request and creates no session.
package accounts
