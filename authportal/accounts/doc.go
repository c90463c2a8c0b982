// Package accounts owns the rules of accounts: their names, columns, roles and credentials, how each is created, changed and
// imported, what an identity from outside leads to, and the one list of what lets a person in. It never sees a request,
// and makes no session.
package accounts
