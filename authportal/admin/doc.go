// Package admin owns the pages and the API of administrators: people, roles, columns, import and export, the audit
// trail and the overview. It changes accounts through package accounts only, and never shows a secret twice.
package admin
