// Package methodtest holds what every sign-in method must keep to, as one suite that built-in methods and those of third
// parties run in a test of a few lines. It owns no store: the caller brings one.
package methodtest
