package redis

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestURLsSayWhereRedisIs(t *testing.T) {
	for _, test := range []struct {
		urls string
		want target
	}{
		{"redis://localhost", target{scheme: "redis", addrs: []string{"localhost:6379"}}},
		{"REDIS://Host.example.com:7000/3", target{scheme: "redis", addrs: []string{"host.example.com:7000"}, db: 3}},
		{"redis://[::1]:7000/", target{scheme: "redis", addrs: []string{"[::1]:7000"}}},
		{"redis://:secret@h", target{scheme: "redis", addrs: []string{"h:6379"}, password: "secret"}},
		{"rediss://app:p%40ss%2Fword%3A1@h/2?ca=/ca.pem&server_name=db.internal&prefix=gh:", target{scheme: "rediss",
			addrs: []string{"h:6379"}, db: 2, username: "app", password: "p@ss/word:1", ca: "/ca.pem", serverName: "db.internal", prefix: "gh:"}},
		{"rediss://h?cert=/c.pem&key=/k.pem", target{scheme: "rediss", addrs: []string{"h:6379"}, cert: "/c.pem", key: "/k.pem"}},
		{"unix:///run/redis.sock?db=4", target{scheme: "unix", addrs: []string{"/run/redis.sock"}, db: 4}},
		{"unix://app:pw@/run/redis.sock", target{scheme: "unix", addrs: []string{"/run/redis.sock"}, username: "app", password: "pw"}},
		{"redis://a redis://b:7000", target{scheme: "redis", addrs: []string{"a:6379", "b:7000"}}},
		{"rediss://u:p@a rediss://u:p@b", target{scheme: "rediss", addrs: []string{"a:6379", "b:6379"}, username: "u", password: "p"}},
		{"redis://config.example.com?cluster=true", target{scheme: "redis", addrs: []string{"config.example.com:6379"}, asCluster: true}},
		{"redis+sentinel://a:1,b:2,[::1]/main/5", target{scheme: "redis+sentinel", addrs: []string{"a:1", "b:2", "[::1]:26379"},
			master: "main", db: 5}},
		{"rediss+sentinel://u:p@a/main?sentinel_user=s&sentinel_password=q%26", target{scheme: "rediss+sentinel", addrs: []string{"a:26379"},
			master: "main", username: "u", password: "p", sentinelUsername: "s", sentinelPassword: "q&"}},
	} {
		if test.want.prefix == "" {
			test.want.prefix = defaultPrefix
		}
		got, err := parseTarget(strings.Fields(test.urls))
		if err != nil {
			t.Errorf("%s: %v", test.urls, err)
		} else if !reflect.DeepEqual(*got, test.want) {
			t.Errorf("%s: got\n%+v, want\n%+v", test.urls, *got, test.want)
		}
	}
}

func TestBadURLsAreRefusedWithoutRepeatingASecret(t *testing.T) {
	for urls, want := range map[string]string{
		"":                                     "no URL",
		"localhost:6379":                       "a URL such as redis://host:6379 is needed",
		"http://hunter2@localhost":             "unknown scheme",
		"redis://":                             "a host is missing",
		"redis://:hunter2@":                    "a host is missing",
		"redis://:hunter2@h:port":              "a host is missing or malformed",
		"redis://:hunter2@h/x":                 `database "x" is not a number`,
		"redis://:hunter2@h/-1":                "is not a number",
		"redis://:hunter2@a,b":                 "several hosts in one URL",
		"redis://hunter2@h":                    "a user needs a password",
		"redis://app:@h":                       "a user needs a password",
		"redis://app:hunter2%zz@h":             "not percent-encoded",
		"redis://app:hunter2/x@h":              "not percent-encoded",
		"redis://app:hunter2#@h":               "written %23",
		"redis://h?ca=/x":                      "for TLS (rediss) only",
		"redis://h?insecure=1":                 `unknown parameter "insecure"`,
		"redis://h?prefix=a&prefix=b":          "given once",
		"redis://h?prefix=":                    "with a value",
		"redis://h?prefix={x}":                 "no braces",
		"redis://h?cluster=maybe":              "true or false",
		"redis://h/1?cluster=true":             "no database but 0",
		"redis://h?db=1":                       "for unix:// only",
		"rediss://h?cert=/x":                   "belong together",
		"redis://h?sentinel_password=hunter2":  "for Sentinel only",
		"redis+sentinel://h":                   "name of the master is missing",
		"redis+sentinel://h/":                  "name of the master is missing",
		"redis+sentinel://h/m/x":               "is not a number",
		"redis+sentinel://h/m?sentinel_user=u": "needs sentinel_password",
		"unix://run/redis.sock":                "absolute path",
		"redis://a redis://b/1":                "must be the same for all nodes",
		"redis://a/1 redis://b/1":              "no database but 0",
		"redis://:hunter2@a redis://b":         "must be the same for all nodes",
		"redis://a rediss://b":                 "must be the same for all nodes",
		"redis://a unix:///b":                  "nodes of a Cluster",
		"unix:///a redis://b":                  "nodes of a Cluster",
		"redis+sentinel://a/m redis://b":       "nodes of a Cluster",
		"redis://a redis://:hunter2@":          "URL 2: a host is missing",
	} {
		_, err := parseTarget(strings.Fields(urls))
		switch {
		case err == nil:
			t.Errorf("%s: no error", urls)
		case !strings.Contains(err.Error(), want):
			t.Errorf("%s: got %q, want %q in it", urls, err, want)
		case strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%s: the error repeats a secret: %v", urls, err)
		}
	}
}

func TestOneRedisHasOneResourceHoweverItIsSpelt(t *testing.T) {
	resource := func(urls string) string {
		t.Helper()
		target, err := parseTarget(strings.Fields(urls))
		if err != nil {
			t.Fatal(err)
		}
		return target.resource()
	}
	for a, b := range map[string]string{
		"redis://h":                       "REDIS://H:6379/0?prefix=gatehouse:",
		"redis://a redis://b":             "redis://b:6379 redis://a:6379",
		"redis+sentinel://a,b/m":          "redis+sentinel://b,a/m/0",
		"redis://u:p%40@h":                "redis://u:%70%40@h",
		"unix:///run/redis.sock":          "unix:///run/redis.sock?db=0",
		"rediss://h?ca=/a&key=/k&cert=/c": "rediss://h?cert=/c&key=/k&ca=/a",
	} {
		if resource(a) != resource(b) {
			t.Errorf("%s and %s are two resources", a, b)
		}
	}
	seen := map[string]string{}
	for _, urls := range []string{"redis://h", "rediss://h", "redis://h/1", "redis://:p@h", "redis://:q@h", "redis://u:q@h",
		"redis://h:1", "redis://h?prefix=x", "redis://h?cluster=true"} {
		if other := seen[resource(urls)]; other != "" {
			t.Errorf("%s and %s are one resource", urls, other)
		}
		seen[resource(urls)] = urls
	}
}

func TestNoSecretIsInTheNameOfATarget(t *testing.T) {
	target, err := parseTarget([]string{"redis+sentinel://app:hunter2@a,b/main/3?sentinel_password=hunter2"})
	if err != nil {
		t.Fatal(err)
	}
	if s := target.String(); s != "redis+sentinel://a:26379,b:26379/main (database 3)" {
		t.Error(s)
	}
}

func TestPlaceholdersAreEncodedWhereTheyStand(t *testing.T) {
	values := map[string]string{"{env.PW}": "p@ss/w:rd?#&+ %41{x}", "{env.USER}": "a b", "{env.HOST}": "db.example.com:7000",
		"{env.URL}": "rediss://u:x%40@h", "{file./run/secrets/redis}": "from file"}
	replace := func(s string) (string, error) {
		for name, value := range values {
			s = strings.ReplaceAll(s, name, value)
		}
		if strings.Contains(s, "{env.MISSING}") {
			return "", errors.New("{env.MISSING} is empty")
		}
		return s, nil
	}
	for raw, want := range map[string]target{
		"redis://{env.USER}:{env.PW}@{env.HOST}/2": {scheme: "redis", addrs: []string{"db.example.com:7000"}, db: 2,
			username: "a b", password: values["{env.PW}"]},
		"redis://:{file./run/secrets/redis}@h": {scheme: "redis", addrs: []string{"h:6379"}, password: "from file"},
		"redis://app:fixed%40@{env.HOST}":      {scheme: "redis", addrs: []string{"db.example.com:7000"}, username: "app", password: "fixed@"},
		"{env.URL}":                            {scheme: "rediss", addrs: []string{"h:6379"}, username: "u", password: "x@"},
		"redis+sentinel://a,b/m?sentinel_password={env.PW}&prefix=x:": {scheme: "redis+sentinel", addrs: []string{"a:26379", "b:26379"}, master: "m",
			sentinelPassword: values["{env.PW}"], prefix: "x:"},
	} {
		if want.prefix == "" {
			want.prefix = defaultPrefix
		}
		expanded, err := expand(raw, replace)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		got, err := parseTarget([]string{expanded})
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: got\n%+v, %v, want\n%+v", raw, got, err, want)
		}
	}
	for _, raw := range []string{"{env.MISSING}", "redis://:{env.MISSING}@h", "redis://{env.MISSING}", "redis://h?prefix={env.MISSING}"} {
		if _, err := expand(raw, replace); err == nil || !strings.Contains(err.Error(), "{env.MISSING}") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestMissingCertificatesAreNamed(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"rediss://h?ca=/nowhere/ca.pem":                       "/nowhere/ca.pem",
		"rediss://h?ca=" + empty:                              "no PEM certificate",
		"rediss://h?cert=/nowhere/c.pem&key=/nowhere/key.pem": "/nowhere/c.pem",
	} {
		target, err := parseTarget([]string{url})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := target.tls(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", url, err)
		}
	}
}
