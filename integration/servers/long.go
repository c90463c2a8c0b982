package servers

import "testing"

// Long reports whether this is a run in which verdicts depend on time: loads have their full size and the machine does nothing
// else, as in `integration/run.sh long`. Elsewhere a test judges what happens and in which order, never how quickly.
func Long(t testing.TB) bool {
	t.Helper()
	return Scale(t, 100) >= 100
}
