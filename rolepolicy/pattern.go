package rolepolicy

import (
	"errors"
	"fmt"
	"strings"
)

// CheckPath tells what is wrong with a path pattern. Syntax:
//
//	/x        exactly this path
//	/x/       /x/ and /x
//	/x/*      the folder itself and all below it; /* is every path
//	/a/*/b    `*` stands for one whole segment that is not empty
//
// A pattern is written plainly or percent-escaped (/café or /caf%C3%A9) and
// stands for both. Letter case counts, as far as it opens anything: a request in
// other letters is judged by its own and by folded ones, and the stricter holds.
func CheckPath(pattern string) error {
	_, _, err := variants(pattern)
	return err
}

// variants returns every spelling of a pattern, without the /* of a folder. A
// request is judged under every reading of its path and all must agree, so a
// pattern has to match under those that its own path has, or it could never
// open anything.
func variants(pattern string) (paths []string, folder bool, err error) {
	if err := checkPattern(pattern); err != nil {
		return nil, false, fmt.Errorf("path %q: %w", pattern, err)
	}
	path := pattern
	if strings.HasSuffix(path, "/*") {
		folder, path = true, strings.TrimSuffix(path, "/*")
		if path == "" {
			path = "/"
		}
	}
	plain := decode(path)
	if decode(plain) != plain {
		return nil, false, fmt.Errorf("path %q: is escaped twice: write it plainly", pattern)
	}
	seen := map[string]bool{}
	for _, spelling := range []string{path, escape(plain)} {
		readings, fault := read(spelling)
		if fault != "" {
			return nil, false, fmt.Errorf("path %q: %s", pattern, fault)
		}
		for _, one := range readings {
			if err := checkVariant(one.path, path); err != nil {
				return nil, false, fmt.Errorf("path %q: %w", pattern, err)
			}
			if !seen[one.path] {
				seen[one.path] = true
				paths = append(paths, one.path)
			}
		}
	}
	return paths, folder, nil
}

func checkPattern(pattern string) error {
	switch {
	case pattern == "":
		return errors.New("is empty: leave it out for every path, or write / for the root")
	case pattern == "*":
		return errors.New("write /* or leave the path out for every path")
	case pattern[0] != '/':
		return errors.New("does not begin with /")
	case strings.Contains(pattern, "//"):
		return errors.New("double slashes are merged in one of the readings of a path: write one")
	case strings.ContainsAny(pattern, "{}"):
		return errors.New("placeholders and braces have no meaning in a path: `*` stands for one segment")
	case strings.ContainsAny(pattern, "?#"):
		return errors.New("rules are about paths: leave the query and fragment out")
	}
	for segment := range strings.SplitSeq(pattern, "/") {
		if segment != "*" && strings.Contains(segment, "*") {
			return fmt.Errorf("`*` stands for a whole segment only, not for a part of %q: write /folder/* or /a/*/b", segment)
		}
	}
	return nil
}

// checkVariant refuses patterns that some upstream would read as another place.
func checkVariant(variant, path string) error {
	switch {
	case strings.ContainsAny(variant, `\;?#`):
		return errors.New("`\\`, `;`, `?` and `#` are read away in one of the readings of a path, so no request could match in all of them")
	case strings.Contains(variant, "//"):
		return errors.New("an escaped or look-alike slash makes a double one: write the path plainly")
	case strings.Count(variant, "*") != strings.Count(path, "*"):
		return errors.New("an escaped or look-alike * is ambiguous: `*` itself stands for one whole segment")
	}
	for segment := range strings.SplitSeq(variant, "/") {
		if segment == "." || segment == ".." {
			return errors.New("dot segments are removed in one of the readings of a path: write the path they lead to")
		}
	}
	return nil
}

// escape writes a path the way clients send it (RFC 3986 §3.3).
func escape(path string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if letter || strings.IndexByte("/-._~!$&'()*+,;=:@", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
