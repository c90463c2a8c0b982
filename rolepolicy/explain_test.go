package rolepolicy

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/explain.golden anew")

// The golden is what `policy explain` prints, and docs/rules.md shows a part of it.
func TestExplainTellsEveryReadingAndTheRuleThatDecided(t *testing.T) {
	rules := rulesOf(
		public("/healthz", "/index.php"),
		deny("/internal/*"),
		Rule{Kind: Allow, Who: []string{"role:editor"}, Paths: []string{"/posts/*"}, Methods: []string{"GET", "POST"}, MFA: true, Fresh: 10 * time.Minute},
		Rule{Kind: Allow, Who: []string{"user"}, Paths: []string{"/lan/*"}, From: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		allow("role:admin", "/admin/*", "/Reports/*"),
		allow("user", "/app/*"),
	)
	for i := range rules {
		rules[i].Source = fmt.Sprintf("Caddyfile:%d", 10+i)
	}
	p := mustCompile(t, rules)
	member := p.NewSubject("mia", "mia@example.com", []string{"member"})
	admin := p.NewSubject("ann", "ann@example.com", []string{"admin"})
	var b strings.Builder
	for _, c := range []struct {
		who     string
		s       *Subject
		proofs  Proofs
		request Request
	}{
		{"nobody", nil, Proofs{}, Request{Method: "GET", Path: "/healthz"}},
		{"nobody", nil, Proofs{}, Request{Method: "GET", Path: "/nowhere"}},
		{"nobody", nil, Proofs{}, Request{Method: "GET", Path: "/admin/users"}},
		{"mia", member, Proofs{}, Request{Method: "GET", Path: "/admin/users"}},
		{"ann", admin, Proofs{}, Request{Method: "GET", Path: "/admin/users"}},
		{"ann, signed in just now", admin, Proofs{AuthTime: now}, Request{Method: "POST", Path: "/posts/7"}},
		{"ann", admin, Proofs{}, Request{Method: "HEAD", Path: "/posts/7"}},
		{"mia", member, Proofs{}, Request{Method: "GET", Path: "/app/..%2Fadmin/"}},
		{"ann", admin, Proofs{}, Request{Method: "GET", Path: "/app/..;/Internal"}},
		{"ann", admin, Proofs{}, Request{Method: "GET", Path: "/reports/1"}},
		{"ann", admin, Proofs{}, Request{Method: "GET", Path: "/lan/x"}},
		{"nobody", nil, Proofs{}, Request{Method: "GET", Path: "/index.php", Original: "/internal/x"}},
		{"nobody", nil, Proofs{}, Request{Method: "GET", Path: "/index.php", Original: "/blog/"}},
		{"nobody", nil, Proofs{}, Request{Method: "GET", Path: "/a%00"}},
	} {
		e := p.Explain(&c.request, c.s, c.proofs, now)
		fmt.Fprintf(&b, "# %s: %s %s %s\n%s\n", c.who, c.request.Method, c.request.Path, c.request.Original, e)
		if _, err := json.Marshal(e); err != nil {
			t.Error(err)
		}
	}
	const golden = "testdata/explain.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("%s differs (go test -update writes it):\n%s", golden, b.String())
	}
}

func TestAnExplanationIsReadableAsJSON(t *testing.T) {
	p := mustCompile(t, rulesOf(allow("role:admin", "/admin/*")))
	text, err := json.Marshal(p.Explain(&Request{Method: "GET", Path: "/admin"}, nil, Proofs{}, now))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"kind":"allow","outcome":"needs sign-in","readings":[{"method":"GET","path":"/admin","how":"as sent","kind":"allow",` +
		`"rule":{"source":"","text":"allow role:admin /admin/*","holds":false}}],"deciding":[{"source":"","text":"allow role:admin /admin/*","holds":false}]}`
	if string(text) != want {
		t.Errorf("%s\nwant %s", text, want)
	}
}

func TestExplainOfNothingDenies(t *testing.T) {
	for _, p := range []*Policy{nil, {}} {
		if e := p.Explain(&Request{Method: "GET", Path: "/"}, nil, Proofs{}, now); e.Kind != Deny || e.Outcome != Forbidden {
			t.Errorf("%+v", e)
		}
	}
}

// Run with -race.
func TestAPolicyMayBeUsedByManyAtOnce(t *testing.T) {
	p := mustCompile(t, manyRules(100))
	s := p.NewSubject("ann", "ann@example.com", []string{"r7"})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, path := range []string{"/app77/section/page", "/APP4/x", "/a%20b", "/x/..;/app1/section/page"} {
				v := p.Judge(&Request{Method: "GET", Path: path})
				v.Decide(s, Proofs{}, now)
				p.Explain(&Request{Method: "GET", Path: path}, s, Proofs{}, now)
				p.NewSubject("bob", "", []string{"r1"})
			}
		})
	}
	wg.Wait()
}
