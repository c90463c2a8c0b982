package rolepolicy

// Below reports whether any reading of an escaped path leads to folder or below it: "/.gatehouse" for
// "/%2egatehouse/login". A path that cannot be read leads nowhere: it is refused when it is judged. The folder is
// written in small letters, without a slash at its end.
func Below(path, folder string) bool {
	if ok, _ := plain(path); ok {
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

// within compares in small letters without making a copy: it runs for every request.
func within(path, folder string) bool {
	if len(path) < len(folder) || len(path) > len(folder) && path[len(folder)] != '/' {
		return false
	}
	for i := range len(folder) {
		if lowerByte(path[i]) != folder[i] {
			return false
		}
	}
	return true
}
