package accounts

import (
	"strings"
	"testing"
	"unicode"
)

func TestOneMailboxHasOneSpelling(t *testing.T) {
	for typed, want := range map[string]string{
		"ann@example.com":                        "ann@example.com",
		"  Ann@Example.COM\t":                    "ann@example.com",
		"a.b+tag@example.com":                    "a.b+tag@example.com",
		"o'neil@example.com":                     "o'neil@example.com",
		"x@localhost":                            "x@localhost",
		"ann@bücher.example":                     "ann@xn--bcher-kva.example",
		"ann@BU\u0308CHER.example":               "ann@xn--bcher-kva.example",
		"ann@xn--bcher-kva.example":              "ann@xn--bcher-kva.example",
		"ann@ｅｘａｍｐｌｅ。ｃｏｍ":                        "ann@example.com",
		"ａｎｎ@example.com":                        "ann@example.com",
		"Amélie@example.com":                     "amélie@example.com",
		"AME\u0301LIE@example.com":               "amélie@example.com",
		"ИВАН@почта.рф":                          "иван@xn--80a1acny.xn--p1ai",
		strings.Repeat("a", 64) + "@example.com": strings.Repeat("a", 64) + "@example.com",
	} {
		if got, err := NormalizeEmail(typed); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", typed, got, err, want)
		}
	}
}

func TestWhatIsNoPlainAddressIsRefused(t *testing.T) {
	for _, typed := range []string{
		"", " ", "@", "a@", "@b.example", "ab.example", "a@b@c.example", `"a b"@c.example`, `"a@b"@c.example`,
		"a b@c.example", "a@c .example",
		"a(comment)@b.example", "(x)a@b.example", "a@[127.0.0.1]", "a@127.0.0.1", "a@b..example", "a@.b.example",
		"a@b.example.", "a..b@c.example",
		".a@b.example", "a.@b.example", "a,b@c.example", "a;b@c.example", "a|b@c.example", "<a@b.example>",
		"Ann <a@b.example>", "a@b.example,c@d.example",
		"a@b.example\r\nBcc: x@y.example", "a\x00@b.example", "a@b\x00.example", "a\u200b@b.example",
		"a\u202eb@c.example", "a＠b@c.example", "a＠b.example",
		"{http.request.host}@b.example", "a@-b.example", "a@b_c.example", "a@" + strings.Repeat("b", 64) + ".example",
		strings.Repeat("a", 65) + "@b.example", "a@" + strings.Repeat("b.", 127) + "example",
		strings.Repeat("a", 1<<20), "a@xn--\u00fc.example",
		"stra\u00dfe@b.example", "\u03c3\u03c2@b.example", // ß and ς: other systems store another mailbox
		"\u0131nn@b.example", // ı, whose upper case is that of i
		"\u0430nn@b.example", // Cyrillic а
		"a\xff@b.example", "a@b.exam\xffple", "\u212bnn\u0430@b.example",
	} {
		if got, err := NormalizeEmail(typed); err == nil {
			t.Errorf("%q is taken for %q", typed, got)
		}
	}
}

func TestUsernames(t *testing.T) {
	const own = "ann@example.com"
	for typed, want := range map[string]string{
		"": own, " ": own, "ANN@Example.com": own, "ann": "ann", "  Ann ": "ann", "ANN-Marie_2.b": "ann-marie_2.b",
		"ａｎｎ":          "ann",
		"Ame\u0301lie": "am\u00e9lie", "Straße": "strasse", "STRASSE": "strasse", "ΣΟΦΟΣ": "σοφοσ", "σοφος": "σοφοσ",
		"Иван": "иван", "o'neil": "o'neil", "yıldız": "yildiz",
		strings.Repeat("é", 64): strings.Repeat("é", 64),
	} {
		if got, err := NormalizeUsername(typed, own); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", typed, got, err, want)
		}
	}
	for _, typed := range []string{
		"a,b", "a;b", "a|b", "a b", "a\tb", "a\u00a0b", "a\u3000b", "a\nb", "a\x00b", "a\u200bb", "a\u00adb",
		"a\u202eb", "a\u200db", "bob@example.com", "ann@example.com.evil",
		"a＠b", "a﹫b", "@", "a&role:admin", "a:b", "../a", `a\b`, "{env.SECRET}", "<b>", "a，b", "a；b", "a｜b",
		"\ufeffann", "p\u0430ul", "ﬁn", "①", "a\xff", strings.Repeat("a", 65),
		strings.Repeat("a", 1<<20),
	} {
		if got, err := NormalizeUsername(typed, own); err == nil {
			t.Errorf("%q is taken for %q", typed, got)
		}
	}
	if _, err := NormalizeUsername("", ""); err == nil {
		t.Error("an account without any name")
	}
}

func TestALoginNameIsWhatTheAccountIsStoredUnder(t *testing.T) {
	for _, c := range []struct {
		typed, want string
		possible    bool
	}{
		{" ANN@Example.com ", "ann@example.com", true}, {"Ann", "ann", true}, {"a,b", "a,b", false},
		{"A,B", "a,b", false}, {"", "", false},
		{"Ａ，b", "a,b", false}, {"\xff", "?", false},
	} {
		if got, possible := NormalizeLogin(c.typed); got != c.want || possible != c.possible {
			t.Errorf("%q: %q, %v", c.typed, got, possible)
		}
	}
	if got, _ := NormalizeLogin(strings.Repeat("x@", 1<<20)); len(got) > 1<<13 {
		t.Errorf("a login name of %d bytes is counted", len(got))
	}
}

func TestNamesOfPeople(t *testing.T) {
	for typed, want := range map[string]string{
		"": "", "  Ann  Lee ": "Ann  Lee", "Ame\u0301lie": "Am\u00e9lie", "علی\u200cرضا": "علی\u200cرضا",
		"👩\u200d💻": "👩\u200d💻", "<b>Ann</b>": "<b>Ann</b>", "=1+1": "=1+1",
	} {
		if got, err := NormalizeName(typed); err != nil || got != want {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"a\nb", "a\r\nSet-Cookie: x", "a\x00", "a\x7f", "a\u0085b", "a\u2028b", "a\u202eb",
		"\ufeffa", "a\xff", "a\ufffd", strings.Repeat("é", 201), strings.Repeat("a", 1<<20)} {
		if got, err := NormalizeName(typed); err == nil {
			t.Errorf("%q is taken for %q", typed, got)
		}
	}
}

const separators = ",;| \t\r\n\x00"

func holdsSeparator(s string) bool {
	return strings.ContainsAny(s, separators) || strings.ContainsFunc(s,
		func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) })
}

func FuzzEmail(f *testing.F) {
	for _, s := range []string{"ann@example.com", "ИВАН@почта.рф", "a@b", "ａ@ｂ。c", "x@ß.example", "İ@b.example",
		"a\u0345@b.c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		email, err := NormalizeEmail(typed)
		if err != nil {
			return
		}
		if again, err := NormalizeEmail(email); err != nil || again != email {
			t.Fatalf("%q becomes %q becomes %q, %v", typed, email, again, err)
		}
		if holdsSeparator(email) || strings.Count(email, "@") != 1 || len(email) > maxEmail {
			t.Fatalf("%q becomes %q", typed, email)
		}
		if upper, err := NormalizeEmail(strings.ToUpper(email)); err == nil && upper != email {
			t.Fatalf("%q in upper case is %q", email, upper)
		}
		if name, err := NormalizeUsername("", email); err != nil || name != email {
			t.Fatalf("the address %q is no username: %v", email, err)
		}
	})
}

func FuzzUsername(f *testing.F) {
	for _, s := range []string{"ann", "Straße", "σοφος", "İ", "a\u0345", "ａ", "ﬁ", "\u1e9e", "ǰ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		name, err := NormalizeUsername(typed, "ann@example.com")
		if err != nil {
			return
		}
		if again, err := NormalizeUsername(name, "ann@example.com"); err != nil || again != name {
			t.Fatalf("%q becomes %q becomes %q, %v", typed, name, again, err)
		}
		if holdsSeparator(name) || name == "" {
			t.Fatalf("%q becomes %q", typed, name)
		}
		if strings.Contains(name, "@") && name != "ann@example.com" {
			t.Fatalf("%q becomes the address %q", typed, name)
		}
		// Other systems fold case their own way: what they take for one name must be one name here.
		if upper, err := NormalizeUsername(strings.ToUpper(name), "ann@example.com"); err == nil && upper != name {
			t.Fatalf("%q in upper case is %q", name, upper)
		}
	})
}
