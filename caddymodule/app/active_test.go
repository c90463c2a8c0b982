package app

import "testing"

// TestTheAdminEndpointFollowsTheConfigurationInForce through a reload that succeeds, and one of which a later app fails.
func TestTheAdminEndpointFollowsTheConfigurationInForce(t *testing.T) {
	var l activeApps
	first, second, failed := new(App), new(App), new(App)
	l.add(first)
	l.add(second)
	l.remove(first)
	if l.current() != second {
		t.Error("after a reload the new one is not in force")
	}
	l.add(failed)
	l.remove(failed)
	if l.current() != second {
		t.Error("after a failed reload the one before is not in force")
	}
	l.remove(second)
	if l.current() != nil {
		t.Error("after the last one stopped there is one")
	}
}
