// Package rolepolicy decides who may do what: it compiles the rules of a gate,
// reads a request's path in every way an upstream may read it, and tells its
// verdict in words. It is the only package that interprets a path.
//
// It never does input or output, holds no session, knows no HTTP handler and
// imports nothing but the standard library. A compiled [Policy] does not change
// and may be used by any number of goroutines. Every zero value denies.
package rolepolicy
