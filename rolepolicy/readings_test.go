package rolepolicy

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func pathsRead(t *testing.T, sent string) []string {
	t.Helper()
	readings, fault := read(sent)
	if fault != "" {
		t.Fatalf("%q: %s", sent, fault)
	}
	var paths []string
	for _, one := range readings {
		paths = append(paths, one.path)
	}
	return paths
}

func TestReadings(t *testing.T) {
	for sent, want := range map[string]string{
		"":                     "/",
		"/":                    "/",
		"/a/b":                 "/a/b",
		"/a/":                  "/a/ /a",
		"/a%20b":               "/a%20b /a\x00b",
		"/a%2fb":               "/a%2Fb /a/b",
		"/a%252fb":             "/a%252fb /a%2fb /a/b",
		"/100%25":              "/100%25 /100%",
		"/a/./b":               "/a/./b /a/b",
		"/a/../b":              "/a/../b /b",
		"/a;x/b":               "/a;x/b /a/b /a",
		`/a\b`:                 `/a\b /a/b`,
		"/a//b":                "/a//b /a/b",
		"//h/x":                "//h/x /x /h/x",
		"/caf%C3%A9":           "/caf%C3%A9 /café",
		"/caf%E9":              "/caf%E9 /caf\xe9",
		"/%EF%BC%8Fx":          "/%EF%BC%8Fx /／x //x / /x",
		"/a%3Fb":               "/a%3Fb /a?b /a",
		"/a.":                  "/a. /a",
		"/a/..;/b":             "/a/..;/b /a/../b /a/.. /b / /a/..;/b",
		"/%25%32%66":           "/%25%32%66 /%2f // /",
		"/admin:$I30:$INDEX/x": "/admin:$I30:$INDEX/x /admin/x",
		"/%E2%80%8Bx":          "/%E2%80%8Bx /\u200bx /x",
		"/a%C0%AFb":            "/a%C0%AFb /a\xc0\xafb /a/b",
		"/%C4%B0":              "/%C4%B0 /İ",
	} {
		got := pathsRead(t, sent)
		for _, one := range strings.Fields(want) {
			one = strings.ReplaceAll(one, "\x00", " ")
			if !slices.Contains(got, one) {
				t.Errorf("%q: reading %q is missing in %q", sent, one, got)
			}
		}
		allowed := strings.Fields(strings.ReplaceAll(want, "\x00", "~"))
		if sent != "/a/..;/b" && sent != "/%25%32%66" && len(got) != len(allowed) {
			t.Errorf("%q: %q, want %q", sent, got, allowed)
		}
	}
}

func TestFoldMakesLettersAlike(t *testing.T) {
	for s, want := range map[string]string{
		"/abc": "/abc", "/ABC": "/abc", "/aBc-é": "/abc-É", "/É": "/É", "/Kelvin": "/kelvin", "/ſ": "/s",
		"/İı": "/ii", "/Σσς": "/ΣΣΣ", "/\xff\xC0A": "/\xff\xc0a", "/ｱ": "/ｱ",
	} {
		if got := fold(s); fold(got) != got || got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// Whatever an upstream does, in whatever order, was judged: any chain of steps
// with two decodings at most ends in one of the readings.
func FuzzReadingsAreClosed(f *testing.F) {
	for _, path := range []string{"/a/..;/b", "/%2e%2e%5cx;y//.", "//h/%252e./x?", "/a%EF%BC%8F..", "/..%C0%AF%20/"} {
		f.Add(uint64(len(path)), path)
	}
	f.Fuzz(func(t *testing.T, seed uint64, path string) {
		readings, fault := read(path)
		if fault != "" {
			return
		}
		judged := map[string]bool{}
		for i, one := range readings {
			judged[one.path] = true
			if one.path[0] != '/' || hasControl(one.path) || describe(readings, i) == "" {
				t.Fatalf("%q is read as %q", path, one.path)
			}
		}
		if len(judged) != len(readings) {
			t.Errorf("%q: a reading is there twice", path)
		}
		r := rand.New(rand.NewPCG(seed, 1))
		for range 20 {
			read, decoded := readings[0].path, 0
			for range 12 {
				if i := r.IntN(len(steps) + 1); i < len(steps) {
					read = steps[i].apply(read)
				} else if decoded < 2 {
					read, decoded = decode(read), decoded+1
				}
				if !judged[read] {
					t.Fatalf("%q can be read as %q, which was not judged", path, read)
				}
			}
		}
	})
}

func TestWhatOnePathCostsIsBounded(t *testing.T) {
	for name, path := range map[string]string{
		"long":           "/" + strings.Repeat("a", maxPath),
		"every trick":    "//a\\b/..;c/%2e%2e%2f%252e%253b%253f%255c/./%EF%BC%8F./x. //..%2f;%23/",
		"many of each":   "/" + strings.Repeat(`x;y/..%2f\%252e./`, 400),
		"long and odd":   "/" + strings.Repeat("a/;/%2f", 1000),
		"empty segments": strings.Repeat("/", maxPath),
		"climbing":       strings.Repeat("/..", maxPath/3),
	} {
		readings, fault := read(path)
		total := 0
		for _, one := range readings {
			total += len(one.path)
		}
		if len(readings) > maxReadings || total > maxReadingBytes {
			t.Errorf("%s: %d readings, %d bytes", name, len(readings), total)
		}
		t.Logf("%s: %d bytes, %d readings %s", name, len(path), len(readings), fault)
	}
}

// Addresses that people's browsers do send must not meet the bound.
func TestOrdinaryOddPathsAreNotTooManyReadings(t *testing.T) {
	for _, path := range []string{
		"/files/My%20Documents/Report%20%282024%29%20-%20final.pdf",
		"/wiki/Who%3F/", "/a//b/../c%20d;x=1/", "/shop;jsessionid=0A1B/list/", "/proxy/https%3A%2F%2Fexample.com%2Fa%2Fb%3Fc%3Dd%23e",
		"/proxy/https://example.com//a/b/", "/%E6%97%A5%E6%9C%AC%E8%AA%9E/%E3%83%9A%E3%83%BC%E3%82%B8/",
		"/npm/@scope%2fpackage/-/package-1.0.0.tgz", "/api/v4/projects/group%2Fsub%2Fproject/repository/files/src%2Fmain.go/raw",
		"/a;b=c/d;e=f/../g//h./i%20/", "/" + strings.Repeat("%E3%83%9A/", 300),
	} {
		readings, fault := read(path)
		if fault != "" {
			t.Errorf("%s: %s", path, fault)
		}
		t.Logf("%.60s: %d readings", path, len(readings))
	}
}
