package servers

import (
	"os"
	"strconv"
	"strings"
)

// writeRedisConfig writes a redis.conf. Values are quoted but for those of `user` and `sentinel`, which are several words.
// Only the last line of a name is kept, since Redis refuses some directives twice.
func writeRedisConfig(file string, config [][2]string) error {
	last := map[string]int{}
	for i, line := range config {
		last[line[0]] = i
	}
	var b strings.Builder
	for i, line := range config {
		name, value := line[0], line[1]
		switch {
		case name == "sentinel" || name == "user" || strings.HasPrefix(name, "client-output-buffer-limit"):
			b.WriteString(name + " " + value + "\n")
		case last[name] == i:
			b.WriteString(name + " " + strconv.Quote(value) + "\n")
		}
	}
	return os.WriteFile(file, []byte(b.String()), 0o600)
}
