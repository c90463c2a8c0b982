// Package signin owns signing in and out: the dispatcher that runs a sign-in step by step, the flows and cookies of a
// pending sign-in, sessions, and their hand-off between hosts. It never checks a password, code or assertion itself
// (methods do), and never judges the path of an upstream.
package signin
