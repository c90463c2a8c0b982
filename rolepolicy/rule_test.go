package rolepolicy

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestBadRulesAreErrorsWithTheirSourceAndACure(t *testing.T) {
	for want, r := range map[string]Rule{
		"Caddyfile:7: allow names nobody: write `allow user`":    {Kind: Allow, Paths: []string{"/a"}},
		"Caddyfile:7: public takes no who-expression":            {Kind: Public, Who: []string{"user"}},
		"Caddyfile:7: deny takes no who-expression":              {Kind: Deny, Who: []string{"user"}},
		"Caddyfile:7: optional takes neither mfa nor fresh":      {Kind: Optional, MFA: true},
		"Caddyfile:7: deny takes neither mfa nor fresh":          {Kind: Deny, Fresh: time.Minute},
		"Caddyfile:7: fresh -1s is negative":                     {Kind: Allow, Who: []string{"user"}, Fresh: -time.Second},
		"Caddyfile:7: unknown kind of rule 9":                    {Kind: 9},
		"Caddyfile:7: method \"GE T\" is not a request method":   {Methods: []string{"GE T"}},
		"Caddyfile:7: method \"\" is not a request method":       {Methods: []string{""}},
		"Caddyfile:7: from has an invalid network":               {From: []netip.Prefix{{}}},
		"Caddyfile:7: from ::ffff:0.0.0.0/80 mixes":              {From: []netip.Prefix{netip.MustParsePrefix("::ffff:0.0.0.0/80")}},
		"Caddyfile:7: who-expression \"admin\": \"admin\" is no": {Kind: Allow, Who: []string{"user", "admin"}},
		"Caddyfile:7: path \"x\": does not begin with /":         {Paths: []string{"/ok", "x"}},
	} {
		r.Source = "Caddyfile:7"
		_, err := Compile([]Rule{{Kind: Public, Source: "Caddyfile:6"}, r}, nil)
		if err == nil || !strings.HasPrefix(err.Error(), strings.TrimSuffix(want, " no")) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := Compile([]Rule{{Kind: Allow}}, nil); err == nil || !strings.HasPrefix(err.Error(), "rule 1: ") {
		t.Errorf("without a source: %v", err)
	}
}

func TestBadPatternsAreErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                              "is empty",
		"*":                             "write /*",
		"x":                             "does not begin with /",
		"https://x/":                    "does not begin with /",
		"/a*":                           "whole segment",
		"/*a/b":                         "whole segment",
		"/a/**":                         "whole segment",
		"/a/*.php":                      "whole segment",
		"/a//b":                         "double slashes",
		"//a":                           "double slashes",
		"/a//*":                         "double slashes",
		"/a/../b":                       "dot segments",
		"/./a":                          "dot segments",
		"/a/%2e%2e/b":                   "dot segments",
		"/a/..":                         "dot segments",
		`/a\b`:                          "read away",
		"/a;b":                          "read away",
		"/a%5Cb":                        "read away",
		"/a%3bb":                        "read away",
		"/a%3Fb":                        "read away",
		"/a?b":                          "leave the query",
		"/a#b":                          "leave the query",
		"/{id}":                         "placeholders",
		"/a%zz":                         "broken percent escape",
		"/100%":                         "broken percent escape",
		"/a%00":                         "control byte",
		"/a\nb":                         "control byte",
		"/a%2520b":                      "escaped twice",
		"/a/%2A/b":                      "ambiguous",
		"/a/＊/b":                        "ambiguous",
		"/a／／b":                         "double one",
		"/a/．．/b":                       "dot segments",
		"/" + strings.Repeat("a", 9000): "longer than",
	} {
		if err := CheckPath(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", pattern, err, want)
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct{ pattern, matches, not string }{
		{"/", "/", "/a //a /*"},
		{"/*", "/ /a /a/b/ //a /%20", ""},
		{"/a", "/a", "/ /a/ /a/b /A /ab"},
		{"/a/", "/a/ /a", "/a/b"},
		{"/a/*", "/a /a/ /a/b /a//b /a/b/c", "/ /ab /A/b /b/a"},
		{"/a/*/b", "/a/x/b /a/%20x/b /a/*/b", "/a/b /a//b /a/x/y/b /a/x/b/ /a/x/b/c"},
		{"/*/b", "/a/b /x/b", "/b /a/b/c //b"},
		{"/a/*/*", "/a/x /a/x/y/z", "/a /b/x"},
		{"/café/*", "/caf%C3%A9 /caf%c3%a9/x /café/x", "/cafe /caf"},
		{"/caf%C3%A9", "/caf%C3%A9 /café", "/caf%E9"},
		{"/a b", "/a%20b", "/ab"},
		{"/a%2Fb", "/a%2Fb /a/b", "/a"},
		{"/100%25", "/100%25", "/100"},
		{"/ﬁle", "/%EF%AC%81le", ""},
		{"/a.b/c", "/a.b/c", "/aXb/c"},
		{"/wiki/A:B", "/wiki/A:B", "/wiki/a:b"},
	} {
		p := mustCompile(t, rulesOf(public(c.pattern)))
		for _, path := range strings.Fields(c.matches) {
			if got := kindOf(p, "GET", path); got != Public {
				t.Errorf("%s does not match %s", c.pattern, path)
			}
		}
		for _, path := range strings.Fields(c.not) {
			if got := kindOf(p, "GET", path); got != Deny {
				t.Errorf("%s matches %s", c.pattern, path)
			}
		}
	}
}

func TestARuleIsWrittenAsInACaddyfile(t *testing.T) {
	for want, r := range map[string]Rule{
		"deny":                {},
		"public /a /b/*":      public("/a", "/b/*"),
		"allow user":          allow("user"),
		"optional /":          {Kind: Optional, Paths: []string{"/"}},
		"deny { method PUT }": {Methods: []string{"PUT"}},
		"allow role:a role:b /x { method GET HEAD; from 10.0.0.0/8 ::1/128; mfa; fresh 1h30m }": {
			Kind: Allow, Who: []string{"role:a", "role:b"}, Paths: []string{"/x"}, Methods: []string{"GET", "HEAD"},
			From: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}, MFA: true, Fresh: 90 * time.Minute},
	} {
		if got := r.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// FuzzCompile: no rule makes Compile panic, and whatever opens a path opens the
// path that it names, so that no accepted rule is in vain.
func FuzzCompile(f *testing.F) {
	for _, path := range []string{"/", "/*", "/a/*", "/a/*/b", "/café", "/a%20b", "/a b/", "/ﬁ.", "/100%25", "/a%2Fb", "/\xff", "/İ/ß", "/x:$y", "/. "} {
		f.Add(uint8(3), "", path, "")
		f.Add(uint8(1), "role:a&role:b", path, "GET")
	}
	f.Fuzz(func(t *testing.T, kind uint8, who, path, method string) {
		r := Rule{Kind: Kind(kind), Paths: []string{path}}
		if who != "" {
			r.Who = []string{who}
		}
		if method != "" {
			r.Methods = []string{method}
		}
		_ = r.String()
		p, err := Compile([]Rule{r}, nil)
		if err != nil || r.Kind == Deny {
			return
		}
		sent := method
		if sent == "" {
			sent = "POST"
		}
		sent = strings.ToUpper(sent)
		if sent == "HEAD" {
			return
		}
		for _, one := range []string{escape(decode(path)), path} {
			v := p.Judge(&Request{Method: sent, Path: one})
			if v.Kind != r.Kind || v.Malformed != "" {
				t.Errorf("%s under %s: %s %s", one, r, v.Kind, v.Malformed)
			}
		}
	})
}
