// Package selfservice owns what users do with their own account, in HTML and JSON: sign-up, confirmation, password
// reset, invitations, password and email changes, sessions and API tokens. It changes accounts only through package
// accounts and never touches another user's account.
package selfservice
