package gate

// nameSet is a set of header names compared the way the laxest upstream compares them: upper and lower case are the
// same, and every byte that is neither letter nor digit counts as a hyphen. CGI, WSGI and PHP turn Remote_User,
// Remote.User and Remote-User into one HTTP_REMOTE_USER, so that an attacker may choose any of them.
type nameSet struct {
	names map[string]struct{}
	// sieve holds one bit per length for each folded first byte, so that the headers of an ordinary request are
	// told apart without being copied.
	sieve [256]uint64
}

const maxFoldedName = 64

func newNameSet(names ...string) *nameSet {
	s := &nameSet{names: make(map[string]struct{}, len(names))}
	for _, name := range names {
		if name == "" {
			continue
		}
		folded := foldName(name)
		s.names[folded] = struct{}{}
		s.sieve[folded[0]] |= 1 << min(len(name), maxFoldedName-1)
	}
	return s
}

// has reports whether name is in the set under any spelling.
func (s *nameSet) has(name string) bool {
	if name == "" || s.sieve[foldNameByte(name[0])]&(1<<min(len(name), maxFoldedName-1)) == 0 {
		return false
	}
	var buf [maxFoldedName]byte
	folded := buf[:0]
	for i := range len(name) {
		folded = append(folded, foldNameByte(name[i]))
	}
	_, ok := s.names[string(folded)]
	return ok
}

// foldName returns the spelling that all names have in common which some upstream takes for the same.
func foldName(name string) string {
	folded := []byte(name)
	for i, c := range folded {
		folded[i] = foldNameByte(c)
	}
	return string(folded)
}

func foldNameByte(c byte) byte {
	switch {
	case 'A' <= c && c <= 'Z':
		return c + 'a' - 'A'
	case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		return c
	}
	return '-'
}
