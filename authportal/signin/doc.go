// Package signin owns signing in and out: the dispatcher that leads a person from step to step, the flows and cookies that
// carry a sign-in in progress, sessions, and their hand-off between hosts. It never checks a password, code or assertion
// itself (methods do), and never judges the path of an upstream.
package signin
