package redis_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/redis"
)

func unmarshal(t *testing.T, input string) (*redis.Sessions, error) {
	t.Helper()
	d := new(redis.Sessions)
	return d, d.UnmarshalCaddyfile(caddyfile.NewTestDispenser(input))
}

func TestTheCaddyfileNamesURLs(t *testing.T) {
	for input, want := range map[string]string{
		"redis redis://localhost":                           `{"urls":["redis://localhost"]}`,
		"redis redis://a redis://b redis://c":               `{"urls":["redis://a","redis://b","redis://c"]}`,
		"redis rediss://app:{env.REDIS_PASSWORD}@h/1?ca=/c": `{"urls":["rediss://app:{env.REDIS_PASSWORD}@h/1?ca=/c"]}`,
		"redis {env.REDIS_URL}":                             `{"urls":["{env.REDIS_URL}"]}`,
		"redis {env.NODE1} {env.NODE2}":                     `{"urls":["{env.NODE1}","{env.NODE2}"]}`,
		"redis redis+sentinel://a:1,b:2/main/0":             `{"urls":["redis+sentinel://a:1,b:2/main/0"]}`,
	} {
		d, err := unmarshal(t, input)
		if err != nil {
			t.Errorf("%s: %v", input, err)
			continue
		}
		if got, _ := json.Marshal(d); string(got) != want {
			t.Errorf("%s: %s", input, got)
		}
	}
	for input, want := range map[string]string{
		"redis":                                  "wrong argument count",
		"redis localhost:6379":                   "a URL such as redis://host:6379 is needed",
		"redis http://localhost":                 "unknown scheme",
		"redis redis://a unix:///b":              "nodes of a Cluster",
		"redis redis://:{env.PW}@h?insecure=1":   `unknown parameter "insecure"`,
		"redis redis://h {\n\tprefix x\n}":       "takes no block",
		"redis redis+sentinel://a:1":             "name of the master is missing",
		"redis redis://{env.HOST}?ca={env.CA}":   "for TLS (rediss) only",
		"redis redis://user:{env.PW@localhost/x": "brace is not closed",
	} {
		_, err := unmarshal(t, input)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", input, err, want)
		}
		if err != nil && !strings.Contains(err.Error(), "Testfile:") {
			t.Errorf("%s: %v names no file and line", input, err)
		}
	}
}

// Secrets come from placeholders and stay out of the configuration.
func TestSecretsStayOutOfTheConfiguration(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(secret, []byte("hun/ter@2\n"), 0o600))
	t.Setenv("GATEHOUSE_TEST_PW", "hun/ter@2")
	t.Setenv("GATEHOUSE_TEST_EMPTY", "")
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	var resources []string
	for _, url := range []string{"redis://app:{env.GATEHOUSE_TEST_PW}@127.0.0.1:1", "redis://app:{file." + secret + "}@127.0.0.1:1",
		"redis://app:hun%2Fter%402@127.0.0.1:1"} {
		d := &redis.Sessions{URLs: []string{url}}
		must(t, d.Provision(ctx)) // nothing listens on port 1: provisioning connects to nothing
		resources = append(resources, d.Resource(store.Env{}))
		if b, _ := json.Marshal(d); strings.Contains(string(b), "hun/ter") {
			t.Errorf("the configuration shows the secret: %s", b)
		}
	}
	if resources[0] != resources[1] || resources[1] != resources[2] {
		t.Errorf("one Redis has several resources: %q", resources)
	}
	for url, want := range map[string]string{
		"redis://app:{env.GATEHOUSE_TEST_EMPTY}@h":  "{env.GATEHOUSE_TEST_EMPTY}",
		"redis://app:{env.GATEHOUSE_TEST_ABSENT}@h": "{env.GATEHOUSE_TEST_ABSENT}",
		"redis://app:{file./nowhere/at/all}@h":      "{file./nowhere/at/all}",
		"{env.GATEHOUSE_TEST_ABSENT}":               "{env.GATEHOUSE_TEST_ABSENT}",
		"redis://app:{secret.x}@h":                  "{secret.x}",
	} {
		if err := (&redis.Sessions{URLs: []string{url}}).Provision(ctx); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if err := new(redis.Sessions).Provision(ctx); err == nil {
		t.Error("no URL at all is no error")
	}
	if _, err := new(redis.Sessions).OpenSessions(t.Context(), store.Env{}); err == nil {
		t.Error("a driver that was not provisioned opens")
	}
}

func TestTheModuleOpensWhatItNames(t *testing.T) {
	info, err := caddy.GetModule("gatehouse.sessions.redis")
	must(t, err)
	d := info.New().(*redis.Sessions)
	d.URLs = prefixed(topologies[0].urls(t))
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	must(t, d.Provision(ctx))
	s, err := d.OpenSessions(t.Context(), store.Env{Now: time.Now})
	must(t, err)
	defer s.Close()
	must(t, s.Ping(t.Context()))
}
