package redis

import (
	"testing"

	"github.com/gatehouse-auth/gatehouse/store"
)

func TestLevelsBehindMethodNames(t *testing.T) {
	t.Run("a proof of one factor is written as before", func(t *testing.T) {
		for _, p := range []store.Proof{{Method: "password"}, {Method: "password", Level: 1}} {
			if got := leveled(p); got != "password" {
				t.Errorf("%+v: %q", p, got)
			}
		}
	})
	t.Run("a level comes back, and none is read into a name", func(t *testing.T) {
		for word, want := range map[string]store.Proof{
			"passkey#2": {Method: "passkey", Level: 2}, "a#b#3": {Method: "a#b", Level: 3},
			"passkey": {Method: "passkey"}, "#2": {Method: "#2"}, "x#1": {Method: "x#1"}, "x#22": {Method: "x#22"}, "x#": {Method: "x#"}, "": {},
		} {
			method, level := levelOf(word)
			if method != want.Method || level != want.Level {
				t.Errorf("%q: %q, %d", word, method, level)
			}
			if back := leveled(store.Proof{Method: method, Level: level}); back != word {
				t.Errorf("%q came back as %q", word, back)
			}
		}
	})
}
