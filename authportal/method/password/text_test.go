package password

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

func TestWhatANewPasswordMustBe(t *testing.T) {
	for _, c := range []struct{ name, typed, want string }{
		{"seven letters", "abcdefg", reasonTooShort},
		{"eight letters", "abcdefgh", ""},
		{"empty", "", reasonTooShort},
		{"characters count, not bytes", "ééééééé", reasonTooShort},
		{"eight of them do", "éééééééé", ""},
		{"a combining accent is no character of its own", strings.Repeat("e\u0301", 7), reasonTooShort},
		{"eight spaces are typeable", strings.Repeat(" ", 8), ""},
		{"no rules of composition", "aaaaaaaa", ""},
		{"emoji", strings.Repeat("🦊", 8), ""},
		{"NUL and control characters", "a\x00b\tc\nd\x7f", ""},
		{"1,024 bytes", strings.Repeat("x", 1024), ""},
		{"1,025 bytes", strings.Repeat("x", 1025), reasonTooLong},
		{"256 emoji", strings.Repeat("🦊", 256), ""},
		{"257 emoji", strings.Repeat("🦊", 257), reasonTooLong},
		{"1,024 bytes once composed", strings.Repeat("e\u0301", 512), ""},
		{"a megabyte", strings.Repeat("x", 1<<20), reasonTooLong},
		{"not UTF-8", "abcdefgh\xff", reasonNotText},
		{"what JSON makes of not UTF-8", "abcdefgh\ufffd", reasonNotText},
	} {
		if got := refusal(c.typed, 8); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// FuzzPrepare holds Prepare against the profile that it is made after, wherever that accepts.
func FuzzPrepare(f *testing.F) {
	for _, s := range []string{"", "abc", "e\u0301", "a\u00a0b", "\xff", "\u1100\u1161", "\u212b", "x\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got, ok := prepare(typed)
		if !ok {
			return
		}
		if again, ok := prepare(string(got)); !ok || string(again) != string(got) {
			t.Fatalf("%q becomes %q becomes %q", typed, got, again)
		}
		if utf8.ValidString(typed) != utf8.Valid(got) {
			t.Fatalf("%q becomes %q", typed, got)
		}
		if want, err := precis.OpaqueString.String(typed); utf8.ValidString(typed) && err == nil &&
			want != string(got) {
			t.Fatalf("%q becomes %q, OpaqueString says %q", typed, got, want)
		}
	})
}
