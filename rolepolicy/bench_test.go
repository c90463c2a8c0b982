package rolepolicy

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// manyRules is a policy as large as any: folders, single pages, wildcards and conditions.
func manyRules(n int) []Rule {
	rules := make([]Rule, 0, n)
	for i := range n - 1 {
		r := Rule{Kind: Allow, Who: []string{fmt.Sprintf("role:r%d", i%50)}, Source: fmt.Sprintf("Caddyfile:%d", i)}
		switch i % 4 {
		case 0:
			r.Paths = []string{fmt.Sprintf("/app%d/*", i)}
		case 1:
			r.Paths = []string{fmt.Sprintf("/app%d/section/page", i), fmt.Sprintf("/app%d/section/*", i)}
		case 2:
			r.Paths = []string{fmt.Sprintf("/app%d/*/edit", i)}
			r.Methods = []string{"GET", "POST"}
		case 3:
			r.Paths = []string{fmt.Sprintf("/shared/area%d/*", i)}
		}
		rules = append(rules, r)
	}
	return append(rules, Rule{Kind: Deny})
}

func benchmark(b *testing.B, path string) {
	p := mustCompile(b, manyRules(10_000))
	s := p.NewSubject("ann", "ann@example.com", []string{"r27"})
	request := &Request{Method: "GET", Path: path, Addr: netip.MustParseAddr("192.0.2.1")}
	b.ReportAllocs()
	for b.Loop() {
		v := p.Judge(request)
		v.Decide(s, Proofs{}, now)
	}
}

func BenchmarkPlainPath10kRules(b *testing.B)     { benchmark(b, "/app77/section/page") }
func BenchmarkUpperCasePath10kRules(b *testing.B) { benchmark(b, "/App77/Section/Page") }
func BenchmarkSlashedPath10kRules(b *testing.B)   { benchmark(b, "/app77/section/") }
func BenchmarkEscapedPath10kRules(b *testing.B)   { benchmark(b, "/app77/section/a%20page") }
func BenchmarkHostilePath10kRules(b *testing.B) {
	benchmark(b, "/app77//x;y/..%2f%252e%252e/..;/App%31//section/a%20page./")
}

// BenchmarkWorstPath is the dearest request that a stranger can send.
func BenchmarkWorstPath(b *testing.B) {
	for name, path := range map[string]string{
		"tricks":  "/" + strings.Repeat(`x;y/..%2f\%252e./`, 400),
		"refused": "/" + strings.Repeat("a", 400) + "//a\\b/..;c/%2e%2e%2f%252e%253b%253f%255c/./%EF%BC%8F./x. //..%2f;%23/",
		"slashes": "/a;" + strings.Repeat("/a;x/..", 1000),
	} {
		b.Run(name, func(b *testing.B) { benchmark(b, path) })
	}
}
