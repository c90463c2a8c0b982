package rolepolicy

// Below tells whether any reading of an escaped path leads to folder or below it: "/.gatehouse" for "/%2egatehouse/login".
// A path that cannot be read leads nowhere: it is refused when it is judged. The folder is written in small letters,
// without a slash at its end.
func Below(path, folder string) bool {
	if ok, upper := plain(path); ok {
		if upper {
			path = fold(path)
		}
		return within(path, folder)
	}
	readings, fault := read(path)
	if fault != "" {
		return false
	}
	for _, one := range readings {
		if within(fold(one.path), folder) {
			return true
		}
	}
	return false
}

func within(path, folder string) bool {
	return len(path) >= len(folder) && path[:len(folder)] == folder && (len(path) == len(folder) || path[len(folder)] == '/')
}
