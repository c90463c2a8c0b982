package rolepolicy

// isPlain marks the bytes that no upstream reads as anything but themselves.
// A dot is among them where it does not end a segment. `%`, `\`, `;`, `?`, `#`,
// white space and everything outside ASCII are not; nor is `$`, which with a
// colon makes a file stream on Windows.
var isPlain = func() (t [256]bool) {
	for c := range t {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		t[c] = letter
	}
	for _, c := range []byte("/-._~!&'()*+,=:@") {
		t[c] = true
	}
	return t
}()

// plain reports whether a path is its own only reading, but for letter case and
// one trailing slash, and whether it holds upper-case letters.
func plain(path string) (ok, upper bool) {
	if path == "" || path[0] != '/' || len(path) > maxPath {
		return false, false
	}
	previous := byte(0)
	for i := 0; i < len(path); i++ {
		c := path[i]
		if !isPlain[c] || c == '/' && (previous == '/' || previous == '.') {
			return false, false
		}
		if 'A' <= c && c <= 'Z' {
			upper = true
		}
		previous = c
	}
	return previous != '.', upper
}
