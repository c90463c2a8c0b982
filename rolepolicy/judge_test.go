package rolepolicy

import (
	"net/netip"
	"testing"
	"time"
)

var now = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)

func mustCompile(t testing.TB, rules []Rule) *Policy {
	t.Helper()
	roles, err := NewRoles(map[string][]string{"admin": {"editor"}, "editor": {"member"}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(rules, roles)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func rulesOf(rules ...Rule) []Rule { return rules }

func public(paths ...string) Rule { return Rule{Kind: Public, Paths: paths} }
func deny(paths ...string) Rule   { return Rule{Kind: Deny, Paths: paths} }
func allow(who string, paths ...string) Rule {
	return Rule{Kind: Allow, Who: []string{who}, Paths: paths}
}

func kindOf(p *Policy, method, path string) Kind {
	v := p.Judge(&Request{Method: method, Path: path})
	return v.Kind
}

func TestZeroValuesDeny(t *testing.T) {
	var p Policy
	var nobody *Policy
	request := &Request{Method: "GET", Path: "/"}
	signedIn := mustCompile(t, nil).NewSubject("ann", "ann@example.com", []string{"admin"})
	for name, v := range map[string]Verdict{
		"zero policy": p.Judge(request), "nil policy": nobody.Judge(request),
		"no rules": mustCompile(t, nil).Judge(request), "zero verdict": {},
		"a verdict nobody gave": {Kind: Public},
		"nil request":           mustCompile(t, rulesOf(public())).Judge(nil),
		"zero request":          mustCompile(t, rulesOf(public())).Judge(&Request{}),
	} {
		if o := v.Decide(signedIn, Proofs{MFA: true, AuthTime: now}, now); o != Forbidden {
			t.Errorf("%s: %s", name, o)
		}
	}
	if (&Verdict{}).Kind != Deny || Outcome(0) != Forbidden || (Rule{}).Kind != Deny {
		t.Error("a zero value does not deny")
	}
	if (term{}).holds(signedIn) || (conjunction{}).holds(signedIn) {
		t.Error("an empty who-expression names somebody")
	}
	if (&Subject{}).HasRole("") || (*Subject)(nil).HasRole("admin") {
		t.Error("a zero subject holds a role")
	}
}

func TestTheFirstRuleThatMatchesDecides(t *testing.T) {
	p := mustCompile(t, rulesOf(public("/a/b"), deny("/a/*"), public("/a/c"), allow("user", "/*/d"), public("/x/d"), allow("role:admin")))
	for path, want := range map[string]Kind{
		"/a/b": Public, "/a/c": Deny, "/a": Deny, "/a/d": Deny, "/x/d": Allow, "/y": Allow,
	} {
		if got := kindOf(p, "GET", path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestNoRuleMatchingDenies(t *testing.T) {
	p := mustCompile(t, rulesOf(public("/a")))
	if got := kindOf(p, "GET", "/b"); got != Deny {
		t.Error(got)
	}
}

// mfa, fresh and who are demands: a rule that is not met never hands over to the next.
func TestDemandsAreNeverReasonsToTryTheNextRule(t *testing.T) {
	p := mustCompile(t, rulesOf(
		Rule{Kind: Allow, Who: []string{"role:admin"}, MFA: true, Fresh: time.Minute, Paths: []string{"/a"}}, public()))
	v := p.Judge(&Request{Method: "GET", Path: "/a"})
	admin, member := p.NewSubject("a", "", []string{"admin"}), p.NewSubject("b", "", []string{"member"})
	for _, c := range []struct {
		s      *Subject
		proofs Proofs
		want   Outcome
	}{
		{nil, Proofs{}, NeedLogin},
		{member, Proofs{true, now}, Forbidden},
		{admin, Proofs{}, NeedFresh},
		{admin, Proofs{true, time.Time{}}, NeedFresh},
		{admin, Proofs{true, now.Add(-time.Minute)}, Granted},
		{admin, Proofs{true, now.Add(-time.Minute - 1)}, NeedFresh},
		{admin, Proofs{false, now}, NeedMFA},
		{admin, Proofs{true, now}, Granted},
		{admin, Proofs{true, now.Add(30 * time.Second)}, Granted}, // another node's clock
		{admin, Proofs{true, now.Add(time.Hour)}, NeedFresh},
	} {
		if got := v.Decide(c.s, c.proofs, now); got != c.want {
			t.Errorf("%+v: %s, want %s", c.proofs, got, c.want)
		}
	}
}

func TestSeveralAllowsMustAllHold(t *testing.T) {
	p := mustCompile(t, rulesOf(
		Rule{Kind: Allow, Who: []string{"role:a"}, Paths: []string{"/a/*"}, MFA: true, Fresh: time.Hour},
		Rule{Kind: Allow, Who: []string{"role:b"}, Paths: []string{"/b/*"}, Fresh: time.Minute},
		public("/p/*"), Rule{Kind: Optional}))
	v := p.Judge(&Request{Method: "GET", Path: "/a/..%2fb"})
	if v.Kind != Allow || !v.MFA || v.Fresh != time.Minute {
		t.Fatalf("%+v", v)
	}
	proofs := Proofs{MFA: true, AuthTime: now}
	for roles, want := range map[[2]string]Outcome{{"a", "x"}: Forbidden, {"b", "x"}: Forbidden, {"a", "b"}: Granted} {
		if got := v.Decide(p.NewSubject("u", "", roles[:]), proofs, now); got != want {
			t.Errorf("%v: %s, want %s", roles, got, want)
		}
	}
	if got := kindOf(p, "GET", "/p/..%2fb"); got != Allow {
		t.Errorf("allow and public: %s, want allow", got)
	}
	if got := kindOf(p, "GET", "/p/..%2fx"); got != Optional {
		t.Errorf("optional and public: %s, want optional", got)
	}
}

func TestMoreThanFourAllowsStillAllHold(t *testing.T) {
	var rules []Rule
	var all []string
	path := ""
	for _, r := range []string{"a", "b", "c", "d", "e", "f"} {
		rules = append(rules, allow("role:"+r, "/"+r+"/*"))
		all = append(all, r)
		path += "/" + r + "/..%2f"
	}
	p := mustCompile(t, rules)
	path = "/a;/../b%2f..%2fc/..;/d%252f..%252fe/..%2ff"
	v := p.Judge(&Request{Method: "GET", Path: path})
	if v.Kind != Deny { // some readings match nothing
		t.Fatal(v.Kind)
	}
	v = Verdict{}
	for _, r := range p.rules {
		v.take(Allow, r)
	}
	if got := v.Decide(p.NewSubject("u", "", all), Proofs{}, now); got != Granted {
		t.Error(got)
	}
	for i := range all {
		fewer := append(append([]string{}, all[:i]...), all[i+1:]...)
		if got := v.Decide(p.NewSubject("u", "", fewer), Proofs{}, now); got != Forbidden {
			t.Errorf("without %s: %s", all[i], got)
		}
	}
}

func TestPatternsMatchInEveryLetterCaseOnTheStricterSide(t *testing.T) {
	p := mustCompile(t, rulesOf(deny("/Internal/*"), allow("user", "/Docs/*"), public("/docs/*", "/internal/*")))
	for path, want := range map[string]Kind{
		"/internal/x": Deny, "/INTERNAL": Deny, "/Internal/x": Deny,
		"/docs/x": Allow, "/Docs/x": Allow, "/DOCS": Deny, // as written it is nobody's
	} {
		if got := kindOf(p, "GET", path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestMethods(t *testing.T) {
	get := Rule{Kind: Public, Paths: []string{"/g"}, Methods: []string{"get"}}
	both := Rule{Kind: Public, Paths: []string{"/gh"}, Methods: []string{"GET", "HEAD"}}
	denied := Rule{Kind: Deny, Paths: []string{"/d"}, Methods: []string{"GET", "DELETE"}}
	p := mustCompile(t, rulesOf(get, both, denied, public("/d")))
	for _, c := range []struct {
		method, path string
		want         Kind
	}{
		{"GET", "/g", Public}, {"HEAD", "/g", Deny}, {"POST", "/g", Deny},
		{"GET", "/gh", Public}, {"HEAD", "/gh", Public},
		{"get", "/gh", Deny},   // as sent it is another method
		{"delete", "/d", Deny}, // as Symfony reads it, it is DELETE
		{"DELETE", "/d", Deny}, {"HEAD", "/d", Deny}, {"head", "/d", Deny}, {"POST", "/d", Public},
	} {
		if got := kindOf(p, c.method, c.path); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.method, c.path, got, c.want)
		}
	}
}

func TestFrom(t *testing.T) {
	p := mustCompile(t, rulesOf(
		Rule{Kind: Deny, From: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("fe80::/10")}},
		Rule{Kind: Public, Paths: []string{"/n"}, From: []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")}},
		public("/p")))
	for _, c := range []struct {
		addr, path string
		want       Kind
	}{
		{"10.1.2.3", "/n", Public}, {"::ffff:10.1.2.3", "/n", Public}, {"11.0.0.1", "/n", Deny},
		{"192.0.2.1", "/p", Deny}, {"::ffff:192.0.2.1", "/p", Deny}, {"fe80::1%eth0", "/p", Deny},
		{"2001:db8::1", "/p", Public}, {"", "/p", Deny}, {"", "/n", Deny},
	} {
		var addr netip.Addr
		if c.addr != "" {
			addr = netip.MustParseAddr(c.addr)
		}
		v := p.Judge(&Request{Method: "GET", Path: c.path, Addr: addr})
		if v.Kind != c.want || !v.AskedAddress {
			t.Errorf("%s %s: %s (asked %t), want %s", c.addr, c.path, v.Kind, v.AskedAddress, c.want)
		}
	}
}

func TestAnUnknownAddressIsDeniedAndNotHandedToTheNextRule(t *testing.T) {
	p := mustCompile(t, rulesOf(
		Rule{Kind: Allow, Who: []string{"user"}, Paths: []string{"/a"}, From: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		public()))
	if got := kindOf(p, "GET", "/a"); got != Deny {
		t.Error(got)
	}
	if got := kindOf(p, "GET", "/b"); got != Public {
		t.Error(got)
	}
}

func TestOnlyRulesThatHadAPartAskForTheAddress(t *testing.T) {
	from := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	p := mustCompile(t, rulesOf(public("/a/b"), Rule{Kind: Public, Paths: []string{"/*"}, From: from}, public("/a/c")))
	for path, want := range map[string]bool{"/a/b": false, "/a/c": true, "/d": true} {
		if v := p.Judge(&Request{Method: "GET", Path: path, Addr: netip.MustParseAddr("1.2.3.4")}); v.AskedAddress != want {
			t.Errorf("%s: asked %t", path, v.AskedAddress)
		}
	}
}

// try_files turns every address into /index.php, and PHP routes by REQUEST_URI.
func TestTheAddressAsSentIsJudgedWhereARuleWithAPathMatchesIt(t *testing.T) {
	p := mustCompile(t, rulesOf(public("/index.php"), allow("role:admin", "/admin/*"), deny("/internal/*"), allow("user")))
	for original, want := range map[string]Kind{
		"": Public, "/index.php": Public, "/foo": Public, "/admin/x": Allow, "/internal": Deny, "/Internal/": Deny,
	} {
		if v := p.Judge(&Request{Method: "GET", Path: "/index.php", Original: original}); v.Kind != want {
			t.Errorf("%q: %s, want %s", original, v.Kind, want)
		}
	}
	// An earlier rule without a path decides here as it does everywhere.
	p = mustCompile(t, rulesOf(public("/index.php"), allow("role:admin"), public("/open")))
	if v := p.Judge(&Request{Method: "GET", Path: "/index.php", Original: "/open"}); v.Kind != Allow {
		t.Errorf("%s, want allow", v.Kind)
	}
}

func TestAPlainPathAllocatesNothing(t *testing.T) {
	p := mustCompile(t, manyRules(10_000))
	s := p.NewSubject("ann", "ann@example.com", []string{"r7"})
	for _, request := range []*Request{
		{Method: "GET", Path: "/app77/section/page", Addr: netip.MustParseAddr("192.0.2.1")},
		{Method: "GET", Path: "/App77/Section/Page/", Addr: netip.MustParseAddr("192.0.2.1")},
		{Method: "HEAD", Path: "/app4242/x/edit", Original: "/app77/foo"},
		{Method: "GET", Path: "/nowhere"},
	} {
		n := testing.AllocsPerRun(100, func() {
			v := p.Judge(request)
			v.Decide(s, Proofs{}, now)
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", request.Path, n)
		}
	}
}
