package rolepolicy

// Readings returns the ways to read an escaped path beside the one as sent, for a condition that is not ours to compile: a
// matcher that somebody else evaluates holds if it holds for one of them. A plain path has none; neither has one that
// cannot be read, which is refused when it is judged.
func Readings(path string) []string {
	if ok, _ := plain(path); ok {
		if len(path) > 1 && path[len(path)-1] == '/' {
			return []string{path[:len(path)-1]}
		}
		return nil
	}
	readings, fault := read(path)
	if fault != "" || len(readings) == 0 {
		return nil
	}
	others := make([]string, 0, len(readings)-1)
	for _, one := range readings[1:] {
		others = append(others, one.path)
	}
	return others
}
