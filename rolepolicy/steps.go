package rolepolicy

import "strings"

// The steps below take a path that begins with "/" and return one that does.

func slashes(s string) string { return strings.ReplaceAll(s, `\`, "/") }

// cutQuery reads what an escape hid: nginx's `proxy_pass http://up$uri` sends
// /internal%3Fx on as /internal?x, a path that ends before the question mark.
func cutQuery(s string) string {
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		return s[:i]
	}
	return s
}

// dropAuthority reads //x/admin as WHATWG's URL parser does: host x, path /admin.
// There `\` is `/`, and more than two slashes are two.
func dropAuthority(s string) string {
	if len(s) < 2 || s[1] != '/' && s[1] != '\\' {
		return s
	}
	rest := strings.TrimLeft(s, `/\`)
	if i := strings.IndexAny(rest, `/\`); i >= 0 {
		return "/" + strings.TrimLeft(rest[i:], `/\`)
	}
	return "/"
}

// dropParameters takes ";v=1" out of every segment. With dot segments removed
// afterwards it finds "/..;/", which Tomcat behind a proxy reads as "/../".
func dropParameters(s string) string {
	if strings.IndexByte(s, ';') < 0 {
		return s
	}
	return mapSegments(s, func(segment string) string {
		segment, _, _ = strings.Cut(segment, ";")
		return segment
	})
}

func cutParameters(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return s
}

// windowsNames reads names as Windows files do: without dots and spaces at
// their end, and without the stream behind a colon (admin::$DATA,
// admin:$I30:$INDEX_ALLOCATION, by which IIS was walked past).
func windowsNames(s string) string {
	if !strings.ContainsAny(s, ". :") {
		return s
	}
	return mapSegments(s, func(segment string) string {
		if strings.Contains(segment, ":$") {
			segment, _, _ = strings.Cut(segment, ":")
		}
		if trimmed := strings.TrimRight(segment, " "); trimmed == "." || trimmed == ".." {
			return trimmed
		}
		return strings.TrimRight(segment, " .")
	})
}

func mapSegments(s string, change func(string) string) string {
	segments := strings.Split(s, "/")
	for i, segment := range segments {
		segments[i] = change(segment)
	}
	return strings.Join(segments, "/")
}

func mergeSlashes(s string) string {
	if !strings.Contains(s, "//") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '/' || i == 0 || s[i-1] != '/' {
			b = append(b, s[i])
		}
	}
	return string(b)
}

// removeDots is RFC 3986 §5.2.4: ".." takes the segment before it away, an empty
// one too, and never climbs above the root.
func removeDots(s string) string {
	if !strings.Contains(s, "/.") {
		return s
	}
	segments := strings.Split(s[1:], "/")
	kept := segments[:0:0]
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case ".":
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		default:
			kept = append(kept, segment)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

func dropTrailingSlash(s string) string {
	s = strings.TrimRight(s, "/")
	if s == "" {
		return "/"
	}
	return s
}
