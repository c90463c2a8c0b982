package gate

import "testing"

func TestOnlyPlainPrefixesBecomePartOfLinks(t *testing.T) {
	for prefix, want := range map[string]bool{"": true, "/pub": true, "/a/b-c_d.e~f": true, "//pub": false, "/pub/": false, "/pub//x": false, "/.": false, "/a/../b": false,
		`/\evil`: false, "/%2f": false, "pub": false, "/a;b": false, "/ä": false, "/@evil": false, "/a?b": false} {
		if got := isPlainPrefix(prefix); got != want {
			t.Errorf("%q: %v", prefix, got)
		}
	}
}
