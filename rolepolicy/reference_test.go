package rolepolicy

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// The reference: no tree, no folded copy, no short cuts. It reads the rules from
// the first to the last for every reading, as the contract says it.

type referee struct{ rules []Rule }

func (f referee) matchesPath(pattern, path string, folded bool) bool {
	paths, folder, err := variants(pattern)
	if err != nil {
		panic(err)
	}
	for _, one := range paths {
		if folded {
			one = fold(one)
		}
		if segmentsMatch(strings.Split(one, "/"), strings.Split(path, "/"), folder) {
			return true
		}
	}
	return false
}

func segmentsMatch(pattern, path []string, folder bool) bool {
	if folder {
		if pattern[len(pattern)-1] == "" {
			pattern = pattern[:len(pattern)-1]
		}
		if len(path) < len(pattern) {
			return false
		}
		path = path[:len(pattern)]
	}
	return slices.EqualFunc(pattern, path, func(want, got string) bool {
		return want == got && want != "*" || want == "*" && got != ""
	})
}

func (f referee) first(method, path string, addr netip.Addr, folded, original bool) (k Kind, index int, counts bool) {
	k, index, counts = Deny, -1, !original
	for i, r := range f.rules {
		if len(r.Methods) > 0 && !slices.Contains(r.Methods, method) {
			continue
		}
		if len(r.From) > 0 && addr.IsValid() && !slices.ContainsFunc(r.From, func(n netip.Prefix) bool { return n.Contains(addr) }) {
			continue
		}
		if len(r.Paths) > 0 && !slices.ContainsFunc(r.Paths, func(p string) bool { return f.matchesPath(p, path, folded) }) {
			continue
		}
		counts = counts || len(r.Paths) > 0
		if index < 0 {
			k, index = r.Kind, i
			if len(r.From) > 0 && !addr.IsValid() {
				k = Deny
			}
		}
	}
	return k, index, counts
}

func (f referee) judge(req *Request) (k Kind, rules []int, malformed bool) {
	k = Public
	methods := []string{req.Method}
	if upper := strings.ToUpper(req.Method); upper != req.Method {
		methods = append(methods, upper)
	}
	if strings.EqualFold(req.Method, "HEAD") {
		methods = append(methods, "GET")
	}
	for _, sent := range []string{req.Path, req.Original} {
		original := sent != req.Path
		if original && sent == "" {
			continue
		}
		readings, fault := read(sent)
		if fault != "" {
			return Deny, nil, true
		}
		for _, one := range readings {
			for _, folded := range []bool{false, true} {
				path := one.path
				if folded {
					path = fold(path)
				}
				for _, method := range methods {
					kind, index, counts := f.first(method, path, req.Addr, folded, original)
					if !counts {
						continue
					}
					k = min(k, kind)
					if index >= 0 && !slices.Contains(rules, index) {
						rules = append(rules, index)
					}
				}
			}
		}
	}
	slices.Sort(rules)
	return k, rules, false
}

func rulesDeciding(v Verdict) []int {
	var list []int
	for _, r := range append(slices.Clone(v.first[:v.n]), v.more...) {
		list = append(list, int(r.index))
	}
	slices.Sort(list)
	return list
}

func compare(t *testing.T, rules []Rule, p *Policy, req *Request) {
	t.Helper()
	v := p.Judge(req)
	kind, deciding, malformed := referee{rules}.judge(req)
	if malformed != (v.Malformed != "") || kind != v.Kind || !slices.Equal(deciding, rulesDeciding(v)) {
		t.Errorf("%+v under %v:\njudge     %s %v %q\nreference %s %v %t", *req, rules,
			v.Kind, rulesDeciding(v), v.Malformed, kind, deciding, malformed)
	}
	if e := p.Explain(req, nil, Proofs{}, now); e.Kind != v.Kind || e.Outcome != v.Decide(nil, Proofs{}, now) || e.Malformed != v.Malformed {
		t.Errorf("%+v: explained %s %s, judged %s", *req, e.Kind, e.Outcome, v.Kind)
	}
}

var (
	patternPieces = []string{"a", "b", "A", "*", "é", "É", "x.y", "ﬁ", "%C3%A9", "a b"}
	pathPieces    = []string{"/", "/", "/a", "/b", "/A", "/x.y", "/%C3%A9", "/%c3%89", "/a%20b", "/fi", "//", "/.", "/..", "/..;", "%2f", "%2e", "%252f", "\\", ";x", ".", "%25", "/*", "?", "%00"}
)

func randomRules(r *rand.Rand) []Rule {
	var rules []Rule
	for range r.IntN(8) {
		one := Rule{Kind: Kind(r.IntN(4))}
		if one.Kind == Allow {
			one.Who = []string{"user"}
		}
		for range r.IntN(3) {
			path := ""
			for range r.IntN(3) {
				path += "/" + patternPieces[r.IntN(len(patternPieces))]
			}
			path += []string{"", "/", "/*"}[r.IntN(3)]
			if CheckPath(path) == nil {
				one.Paths = append(one.Paths, path)
			}
		}
		if r.IntN(3) == 0 {
			one.Methods = [][]string{{"GET"}, {"HEAD"}, {"POST", "GET"}}[r.IntN(3)]
		}
		if r.IntN(4) == 0 {
			one.From = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		}
		rules = append(rules, one)
	}
	return rules
}

func randomPath(r *rand.Rand) string {
	path := ""
	for range 1 + r.IntN(5) {
		path += pathPieces[r.IntN(len(pathPieces))]
	}
	return path
}

func randomRequest(r *rand.Rand) *Request {
	req := &Request{Method: []string{"GET", "HEAD", "POST", "get", "head"}[r.IntN(5)], Path: randomPath(r)}
	if r.IntN(3) == 0 {
		req.Original = randomPath(r)
	}
	req.Addr = []netip.Addr{{}, netip.MustParseAddr("10.1.1.1"), netip.MustParseAddr("192.0.2.1")}[r.IntN(3)]
	return req
}

func TestTheTreeAgreesWithReadingTheRulesOneByOne(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		rules := randomRules(r)
		p := mustCompile(t, rules)
		for range 10 {
			compare(t, rules, p, randomRequest(r))
		}
		if t.Failed() {
			return
		}
	}
}

func FuzzTheTreeAgreesWithTheReference(f *testing.F) {
	f.Add(uint64(1), "/a/..%2fb", "/a")
	f.Add(uint64(7), "/A//b;x/", "")
	f.Fuzz(func(t *testing.T, seed uint64, path, original string) {
		r := rand.New(rand.NewPCG(seed, seed))
		rules := randomRules(r)
		req := randomRequest(r)
		req.Path, req.Original = path, original
		compare(t, rules, mustCompile(t, rules), req)
	})
}

// judgeCarefully is Judge without the plain way.
func judgeCarefully(p *Policy, req *Request) Verdict {
	var v Verdict
	p.judgeOdd(&v, req, req.Path, false)
	if req.Original != "" && req.Original != req.Path {
		p.judgeOdd(&v, req, req.Original, true)
	}
	if v.Malformed != "" {
		v = Verdict{Malformed: v.Malformed}
	}
	return v
}

func FuzzFastAgreesWithCareful(f *testing.F) {
	for _, path := range []string{"/", "", "/a", "/A/b/", "/x.y", "/a.", "/.a", "/a..b/c", "/a//b", "/*", "/a:$x", "/~a'(b)", "/é", "/a/.", "a"} {
		f.Add(uint64(len(path)), path, "")
		f.Add(uint64(len(path)), "/b", path)
	}
	f.Fuzz(func(t *testing.T, seed uint64, path, original string) {
		r := rand.New(rand.NewPCG(seed, seed))
		p := mustCompile(t, randomRules(r))
		req := randomRequest(r)
		req.Path, req.Original = path, original
		fast, careful := p.Judge(req), judgeCarefully(p, req)
		if fast.Kind != careful.Kind || fast.Malformed != careful.Malformed || fast.MFA != careful.MFA ||
			fast.Fresh != careful.Fresh || fast.AskedAddress != careful.AskedAddress ||
			!slices.Equal(rulesDeciding(fast), rulesDeciding(careful)) {
			t.Errorf("%+v:\nfast    %+v\ncareful %+v", *req, fast, careful)
		}
		if ok, _ := plain(path); ok {
			readings, fault := read(path)
			if fault != "" || len(readings) > 2 || len(readings) == 2 && readings[1].path+"/" != path {
				t.Errorf("%q is called plain and has the readings %v %q", path, readings, fault)
			}
		}
	})
}
