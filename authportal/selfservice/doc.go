// Package selfservice owns what people do for their own account, in HTML and JSON: sign-up, confirmation, reset, invitations,
// password and email, sessions, tokens and factors. It never changes an account but by the rules of package accounts,
// and never touches the account of another person.
package selfservice
