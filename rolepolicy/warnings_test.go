package rolepolicy

import (
	"strings"
	"testing"
)

func TestARuleThatCanNeverDecideIsWarnedOf(t *testing.T) {
	post := deny("/c/*")
	post.Methods = []string{"POST"}
	rules := rulesOf(
		public("/a/*"),       // 1
		deny("/a/secret"),    // 2 never: below 1
		post,                 // 3
		deny("/c/x"),         // 4 decides what is no POST
		deny("/a/b/*", "/d"), // 5 /d is its own
		public("/*/e"),       // 6
		deny("/x/e"),         // 7 never: * is x too
		deny("/x/*"),         // 8
		allow("user"),        // 9
		deny("/internal/*"),  // 10 never: below 9
		allow("role:admin"),  // 11 never
	)
	for i := range rules {
		rules[i].Source = "Caddyfile:" + string(rune('A'+i))
	}
	var got []string
	for _, warning := range mustCompile(t, rules).Warnings() {
		source, _, _ := strings.Cut(strings.TrimPrefix(warning, "Caddyfile:"), ":")
		got = append(got, source)
	}
	if strings.Join(got, "") != "BGJK" {
		t.Errorf("%v, want B G J K", got)
	}
	want := "Caddyfile:J: `deny /internal/*` never decides, because `allow user` at Caddyfile:I comes first and covers it: move the narrower rule up"
	if w := mustCompile(t, rules).Warnings(); w[2] != want {
		t.Errorf("%s\nwant %s", w[2], want)
	}
	if w := mustCompile(t, oddRules).Warnings(); len(w) > 0 {
		t.Error(w)
	}
	if w := (*Policy)(nil).Warnings(); w != nil {
		t.Error(w)
	}
}
