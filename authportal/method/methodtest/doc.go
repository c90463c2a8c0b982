// Package methodtest holds what every sign-in method must keep to, as one suite that the methods of this house and of
// strangers run in a test of a few lines. It owns no store: the caller brings one.
package methodtest
