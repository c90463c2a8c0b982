package rolepolicy

import (
	"net/netip"
	"strings"
)

// Request is what rules are judged by.
type Request struct {
	// Method as sent, in its own letter case.
	Method string
	// Path, percent-escaped and without a query, as the handlers after the gate
	// will see it: r.URL.EscapedPath().
	Path string
	// Original is the escaped path of the address as sent, without a query,
	// where a rewrite changed it; else "" or the same as Path.
	Original string
	// Addr is the client's address. The zero value is unknown: it is denied by
	// the first rule that asks for an address and would otherwise match.
	Addr netip.Addr
}

// Judge tells what the policy says of a request. The first rule whose path and
// conditions match decides, under every reading of the path, and the strictest
// verdict holds: deny over allow over optional over public; allows add up.
//
// Letter case: each reading is compared with the patterns as written and, both
// folded, once more. Methods: one in small letters is judged as written and in
// capitals, for some upstreams raise it; HEAD is judged as HEAD and as GET, for
// upstreams answer it with what GET would, so that a rule about GET alone
// neither lets HEAD past nor opens it. Where a rule's method is named, a HEAD
// that shall pass is named beside GET.
//
// Original is judged where it matches a rule that has a path. For a plain path
// nothing is allocated.
func (p *Policy) Judge(req *Request) Verdict {
	var v Verdict
	if p == nil || p.exact == nil || req == nil {
		v.deny(nil)
		return v
	}
	if req.Method == "" {
		v.malform(faultMethod)
		return v
	}
	p.judgePath(&v, req, req.Path, false)
	if req.Original != "" && req.Original != req.Path {
		p.judgePath(&v, req, req.Original, true)
	}
	if v.Malformed != "" {
		v = Verdict{Malformed: v.Malformed}
	}
	return v
}

// judgePath adds to v what follows from one path, the plain way if it can.
func (p *Policy) judgePath(v *Verdict, req *Request, path string, original bool) {
	ok, upper := plain(path)
	if !ok {
		p.judgeOdd(v, req, path, original)
		return
	}
	methods, n := p.methodReadings(req.Method)
	for _, method := range methods[:n] {
		q := newQuery(method, plainAddr(req.Addr))
		p.judgePlain(v, q, path, upper, original)
		if len(path) > 1 && path[len(path)-1] == '/' {
			p.judgePlain(v, q, path[:len(path)-1], upper, original)
		}
	}
}

func (p *Policy) judgePlain(v *Verdict, q query, path string, upper, original bool) {
	p.judgeReading(v, q, p.exact, path, original)
	if upper || p.fold != p.exact {
		q.fold = upper
		p.judgeReading(v, q, p.fold, path, original)
	}
}

// judgeOdd is the careful way.
func (p *Policy) judgeOdd(v *Verdict, req *Request, path string, original bool) {
	readings, fault := read(path)
	if fault != "" {
		v.malform(fault)
		return
	}
	methods, n := p.methodReadings(req.Method)
	for _, one := range readings {
		folded := fold(one.path)
		for _, method := range methods[:n] {
			q := newQuery(method, plainAddr(req.Addr))
			p.judgeReading(v, q, p.exact, one.path, original)
			if folded != one.path || p.fold != p.exact {
				p.judgeReading(v, q, p.fold, folded, original)
			}
		}
	}
}

// judgeReading adds to v what follows from one reading.
func (p *Policy) judgeReading(v *Verdict, q query, tree *node, path string, original bool) {
	if p.decide(&q, tree, path, original) {
		v.add(&q)
	}
}

// decide finds the rule for one reading, if any, and reports whether the reading
// counts: an address as sent does so only where a rule that has a path matches.
func (p *Policy) decide(q *query, tree *node, path string, original bool) bool {
	tree.search(path, q)
	if original && q.best == nil {
		return false
	}
	q.offer(p.everywhere)
	return true
}

// methodReadings returns the methods that an upstream may take a method for.
func (p *Policy) methodReadings(method string) (list [3]string, n int) {
	list[0], n = method, 1
	if !p.namesMethods {
		return list, n
	}
	upper := strings.ToUpper(method)
	if upper != method {
		list[n], n = upper, n+1
	}
	if upper == "HEAD" {
		list[n], n = "GET", n+1
	}
	return list, n
}

// plainAddr makes ::ffff:10.0.0.1 an IPv4 address and takes the zone off, since
// no prefix contains an address with a zone, not even one that denies.
func plainAddr(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }
