// Package methodtest owns the conformance suite of sign-in methods, which built-in and third-party methods run in a
// test of a few lines. It has no store of its own: the caller provides one.
package methodtest
