package rolepolicy

import "strings"

// Bounds on what one request may cost. RFC 9110 §4.1 asks for 8000 octets.
const (
	maxPath         = 8192      // bytes of a path as sent
	maxReadings     = 128       // readings of one path
	maxReadingBytes = 64 * 1024 // bytes of all readings of one path together
)

// Faults for which a path is refused as malformed.
const (
	faultRelative = "the path does not begin with /"
	faultLong     = "the path is longer than 8192 bytes"
	faultControl  = "the path holds a NUL or control byte"
	faultEscape   = "the path holds a broken percent escape"
	faultMany     = "the path can be read in too many ways"
	faultMethod   = "the request has no method"
)

// step is one thing that upstreams do to a path.
type step struct {
	words string
	apply func(string) string // returns its argument where there is nothing to do
}

// stepDecode stands apart from steps: it is taken twice at most.
var stepDecode = step{"percent-decoded", decode}

// steps are taken in every order and combination, each on what the others
// leave, until nothing new comes out.
var steps = []step{
	{"`\\` read as `/`", slashes},                       // IIS, WHATWG URL
	{"look-alike characters replaced", plainCharacters}, // NFKC, best-fit, overlong UTF-8
	{"cut at `?` or `#`", cutQuery},                     // a proxy that decodes before it passes on
	{"first segment read as a host", dropAuthority},     // new URL("//host/path", base)
	{"`;parameters` dropped", dropParameters},           // Tomcat, Spring, Jetty
	{"cut at `;`", cutParameters},                       // RFC 1808 §2.4.5
	{"names read as Windows does", windowsNames},        // trailing dots and spaces, file streams
	{"double slashes merged", mergeSlashes},             // nginx merge_slashes
	{"dot segments removed", removeDots},                // RFC 3986 §5.2.4
	{"trailing slash dropped", dropTrailingSlash},       // Express, Rails
}

// reading is one way to read a path, and how it came about.
type reading struct {
	path  string
	from  int    // index of the reading that it was made of
	words string // the step taken; "" = as sent
}

// read returns every reading of a path, the one as sent first, or the fault
// for which no upstream should see it. "" is read as "/" (RFC 9112 §3.2.1).
func read(sent string) ([]reading, string) {
	if sent == "" {
		sent = "/"
	}
	if fault := checkSent(sent); fault != "" {
		return nil, fault
	}
	c := collection{seen: map[string]bool{}}
	c.add(reading{path: upperHex(sent)})
	for decoded, next := 0, 0; ; decoded++ {
		level := next
		for ; next < len(c.all); next++ {
			for _, s := range steps {
				c.add(reading{s.apply(c.all[next].path), next, s.words})
			}
			if c.fault != "" {
				return nil, c.fault
			}
		}
		if decoded == 2 {
			return c.all, ""
		}
		for i := level; i < next; i++ {
			c.add(reading{stepDecode.apply(c.all[i].path), i, stepDecode.words})
		}
		if c.fault != "" || next == len(c.all) {
			return c.all, c.fault
		}
	}
}

// checkSent finds the faults of a path as sent. A broken escape in what an
// escape hid ("100%25") is a file name, not a fault.
func checkSent(sent string) string {
	switch {
	case sent[0] != '/':
		return faultRelative
	case len(sent) > maxPath:
		return faultLong
	case hasControl(sent):
		return faultControl
	}
	for i := 0; i < len(sent); i++ {
		if sent[i] == '%' && !isEscape(sent[i:]) {
			return faultEscape
		}
	}
	return ""
}

// collection gathers readings, each path once.
type collection struct {
	all   []reading
	seen  map[string]bool
	bytes int
	fault string
}

func (c *collection) add(r reading) {
	if c.seen[r.path] || c.fault != "" {
		return
	}
	c.bytes += len(r.path)
	switch {
	case hasControl(r.path):
		c.fault = faultControl
	case len(c.all) == maxReadings || c.bytes > maxReadingBytes && len(c.all) > 0:
		c.fault = faultMany
	}
	c.seen[r.path] = true
	c.all = append(c.all, r)
}

// describe tells in words how reading i of all came about.
func describe(all []reading, i int) string {
	if all[i].words == "" {
		return "as sent"
	}
	words := all[i].words
	for i = all[i].from; all[i].words != ""; i = all[i].from {
		words = all[i].words + ", " + words
	}
	return words
}

func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] == 0x7f {
			return true
		}
	}
	return false
}

func isEscape(s string) bool {
	return len(s) >= 3 && s[0] == '%' && unhex(s[1]) < 16 && unhex(s[2]) < 16
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}

// upperHex writes %c3 as %C3: they are the same path (RFC 3986 §6.2.2.1), and a
// pattern with an escape has to match what either kind of client sends.
func upperHex(s string) string {
	i := strings.IndexByte(s, '%')
	if i < 0 {
		return s
	}
	b := []byte(s)
	for ; i < len(b)-2; i++ {
		if b[i] == '%' {
			b[i+1], b[i+2] = upperByte(b[i+1]), upperByte(b[i+2])
			i += 2
		}
	}
	return string(b)
}

func upperByte(c byte) byte {
	if 'a' <= c && c <= 'z' {
		c -= 'a' - 'A'
	}
	return c
}

// decode decodes percent escapes once and leaves broken ones as they are.
func decode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if isEscape(s[i:]) {
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		} else {
			b = append(b, s[i])
		}
	}
	return string(b)
}
