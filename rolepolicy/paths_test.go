package rolepolicy

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
)

// oddRules end in a rule that opens everything, so that a path which is not
// recognised shows as public.
var oddRules = []Rule{
	{Kind: Public, Paths: []string{"/healthz", "/assets/*"}},
	{Kind: Optional, Paths: []string{"/"}},
	{Kind: Deny, Paths: []string{"/internal/*"}},
	{Kind: Allow, Who: []string{"role:admin"}, Paths: []string{"/admin/*"}},
	{Kind: Allow, Who: []string{"role:editor"}, Paths: []string{"/posts/*/edit"}},
	{Kind: Allow, Who: []string{"user"}, Paths: []string{"/app/*"}},
	{Kind: Allow, Who: []string{"user"}, Paths: []string{"/Reports/*"}},
	{Kind: Deny, Paths: []string{"/exact"}},
	{Kind: Public},
}

// short writes a verdict the way testdata/paths.txt does.
func short(v Verdict) string {
	if v.Malformed != "" {
		return "400"
	}
	if v.Kind != Allow {
		return v.Kind.String()
	}
	var who []string
	for _, r := range append(slices.Clone(v.first[:v.n]), v.more...) {
		if r.kind == Allow {
			who = append(who, strings.TrimPrefix(r.who[0][0].value, "role:"))
		}
	}
	for i := range who {
		if who[i] == "" {
			who[i] = "user"
		}
	}
	slices.Sort(who)
	return strings.Join(slices.Compact(who), "+")
}

func TestEveryOddPathGetsItsStrictestVerdict(t *testing.T) {
	p := mustCompile(t, oddRules)
	file, err := os.Open("testdata/paths.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	n := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		want, path, _ := strings.Cut(line, " ")
		n++
		if got := short(p.Judge(&Request{Method: "GET", Path: path})); got != want {
			t.Errorf("%s: %s, want %s\n%s", path, got, want, p.Explain(&Request{Method: "GET", Path: path}, nil, Proofs{}, now))
		}
	}
	if n < 300 {
		t.Errorf("%d paths only", n)
	}
	t.Logf("%d paths", n)
}

// After a rewrite to another path the address as sent brings the same refusals.
func TestTheAddressAsSentIsReadJustAsOddly(t *testing.T) {
	p := mustCompile(t, oddRules[2:4:4]) // deny /internal/*, allow role:admin /admin/*
	p2 := mustCompile(t, append([]Rule{{Kind: Public, Paths: []string{"/index.php"}}}, oddRules[2:4]...))
	for _, sent := range []string{"/internal/x", "/INTERNAL", "/a/..%2finternal", "/a/..;/internal", "//internal", "/%2569nternal"} {
		if v := p2.Judge(&Request{Method: "GET", Path: "/index.php", Original: sent}); v.Kind != Deny {
			t.Errorf("%s before the rewrite: %s, want deny", sent, v.Kind)
		}
	}
	if v := p.Judge(&Request{Method: "GET", Path: "/index.php", Original: "/admin"}); v.Kind != Deny {
		t.Errorf("a path that no rule matches: %s, want deny", v.Kind)
	}
	if v := p2.Judge(&Request{Method: "GET", Path: "/index.php", Original: "/x%00"}); v.Malformed == "" {
		t.Error("a NUL in the address as sent is not refused")
	}
}
