// Package admin owns the pages and the API of administrators: people, roles, columns, import and export, the audit trail and
// the overview. It never changes an account but by the rules of package accounts, and shows no secret a second time.
package admin
