// Package loop holds what every background worker needs: to wait until there is something to do, to back off while it
// fails, and to log an outage and its end once. It starts no goroutine and never decides what a failure means.
package loop
