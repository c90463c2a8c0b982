package rolepolicy

import (
	"math"
	"net/netip"
	"strings"
)

// node is a place in the tree of path segments. "/" has one empty segment,
// "/x/" has "x" and an empty one, so that a trailing slash is a child as any.
type node struct {
	low      int32 // the lowest rule at this node or below it, for pruning
	children map[string]*node
	star     *node   // `*`: any one segment that is not empty
	here     []*rule // rules for exactly this path, in order
	below    []*rule // rules for this path and all below it, in order
	longest  int     // length of the longest key of children
}

func newNode() *node { return &node{low: math.MaxInt32} }

// insert adds a rule for the pattern path (exact, or the folder at path). Rules
// must be inserted in their order.
func (n *node) insert(path string, folder bool, r *rule) {
	n.low = min(n.low, r.index)
	if folder {
		path = strings.TrimSuffix(path, "/")
	}
	for path != "" {
		var segment string
		segment, path = cutSegment(path)
		n = n.child(segment)
		n.low = min(n.low, r.index)
	}
	if folder {
		n.below = appendRule(n.below, r)
	} else {
		n.here = appendRule(n.here, r)
	}
}

// cutSegment parts "/a/b" into "a" and "/b".
func cutSegment(path string) (segment, rest string) {
	path = path[1:]
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:]
	}
	return path, ""
}

func (n *node) child(segment string) *node {
	if segment == "*" {
		if n.star == nil {
			n.star = newNode()
		}
		return n.star
	}
	c := n.children[segment]
	if c == nil {
		if n.children == nil {
			n.children = make(map[string]*node)
		}
		c = newNode()
		n.children[segment] = c
		n.longest = max(n.longest, len(segment))
	}
	return c
}

// appendRule leaves out a rule that an earlier unconditional one always precedes.
func appendRule(list []*rule, r *rule) []*rule {
	if len(list) > 0 {
		if last := list[len(list)-1]; last == r || !last.conditional() {
			return list
		}
	}
	return append(list, r)
}

// query is one search: what a rule's conditions look at, and what was found.
type query struct {
	method string
	addr   netip.Addr // unmapped, without zone; invalid = unknown
	fold   bool       // compare segments in lower case (ASCII; others are folded before)
	best   *rule      // the first rule that matches, nil = none
	limit  int32      // best.index, or more than any index
	from   int32      // the lowest rule that asked for the address
}

func newQuery(method string, addr netip.Addr) query {
	return query{method: method, addr: addr, limit: math.MaxInt32, from: math.MaxInt32}
}

// askedAddress reports whether the outcome depended on where the client is.
func (q *query) askedAddress() bool { return q.from <= q.limit && q.from != math.MaxInt32 }

// offer tries the rules of a list, which are in order.
func (q *query) offer(list []*rule) {
	for _, r := range list {
		if r.index >= q.limit {
			return
		}
		if q.matches(r) {
			q.best, q.limit = r, r.index
			return
		}
	}
}

// matches judges the conditions. A rule that asks for the address of a client
// whose address is unknown matches, and then denies: either guess could open.
func (q *query) matches(r *rule) bool {
	if len(r.methods) > 0 && !contains(r.methods, q.method) {
		return false
	}
	if len(r.from) == 0 {
		return true
	}
	q.from = min(q.from, r.index)
	if !q.addr.IsValid() {
		return true
	}
	for _, network := range r.from {
		if network.Contains(q.addr) {
			return true
		}
	}
	return false
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

// search offers q every rule whose pattern matches path, which begins with "/".
// It descends as deep as patterns do, however long the path is.
func (n *node) search(path string, q *query) {
	q.offer(n.below)
	if path == "" {
		q.offer(n.here)
		return
	}
	segment, rest := cutSegment(path)
	if c := n.find(segment, q.fold); c != nil && c.low < q.limit {
		c.search(rest, q)
	}
	if c := n.star; c != nil && segment != "" && c.low < q.limit {
		c.search(rest, q)
	}
}

// find looks a segment up, in lower case if fold. Nothing is allocated for
// segments up to 64 bytes.
func (n *node) find(segment string, fold bool) *node {
	if len(segment) > n.longest {
		return nil
	}
	if !fold {
		return n.children[segment]
	}
	if len(segment) > 64 {
		return n.children[lowerASCII(segment)]
	}
	var buf [64]byte
	for i := 0; i < len(segment); i++ {
		buf[i] = lowerByte(segment[i])
	}
	return n.children[string(buf[:len(segment)])]
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = lowerByte(c)
	}
	return string(b)
}
