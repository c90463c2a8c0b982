package password

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func TestTheBlockReadsAsWritten(t *testing.T) {
	for input, want := range map[string]string{
		"password":                                                   `{}`,
		"password {\n}":                                              `{}`,
		"password {\nmin_length 15\n}":                               `{"min_length":15}`,
		"password {\nbreached off\n}":                                `{"breached":"off"}`,
		"password {\nbreached hibp\n}":                               `{"breached":"hibp"}`,
		"password {\nbreached /etc/list.txt\n}":                      `{"breached":"/etc/list.txt"}`,
		"password {\nhash bcrypt\n}":                                 `{"hash":{"algorithm":"bcrypt"}}`,
		"password {\nhash bcrypt 13\nmin_length 10\n}":               `{"min_length":10,"hash":{"algorithm":"bcrypt","cost":13}}`,
		"password {\nhash argon2id\n}":                               `{"hash":{"algorithm":"argon2id"}}`,
		"password {\nhash argon2id memory 19MiB time 2 threads 1\n}": `{"hash":{"algorithm":"argon2id","memory":19456,"time":2,"threads":1}}`,
		"password {\nhash argon2id threads 4 memory 65536KiB\n}":     `{"hash":{"algorithm":"argon2id","memory":65536,"threads":4}}`,
	} {
		var s Settings
		if err := s.UnmarshalCaddyfile(caddyfile.NewTestDispenser(input)); err != nil {
			t.Errorf("%q: %v", input, err)
			continue
		}
		if got, _ := json.Marshal(s); string(got) != want {
			t.Errorf("%q: %s, want %s", input, got, want)
		}
		if _, err := newHasher(s); err != nil {
			t.Errorf("%q: %v", input, err)
		}
	}
}

func TestABadBlockIsAnErrorThatNamesLineAndCure(t *testing.T) {
	for input, want := range map[string]string{
		"password 8":                                       `Testfile:1`,
		"password {\nmin_length\n}":                        `Testfile:2`,
		"password {\nmin_length 8 9\n}":                    `Testfile:2`,
		"password {\nmin_length 0\n}":                      `min_length 0: must be a whole number above zero`,
		"password {\nmin_length -8\n}":                     `must be a whole number above zero`,
		"password {\nmin_length eight\n}":                  `must be a whole number above zero`,
		"password {\nmin_length 3\n}":                      `must be from 4 to 128`,
		"password {\nmin_length 129\n}":                    `must be from 4 to 128`,
		"password {\nmin_length 8\nmin_length 9\n}":        `min_length is given twice`,
		"password {\nlength 8\n}":                          `unknown word "length"; known are min_length, hash and breached`,
		"password {\nhash\n}":                              `hash: which?`,
		"password {\nhash md5\n}":                          `hash md5: must be bcrypt or argon2id`,
		"password {\nhash argon2i\n}":                      `must be bcrypt or argon2id`,
		"password {\nhash bcrypt 9\n}":                     `must be from 10 to 16`,
		"password {\nhash bcrypt 17\n}":                    `must be from 10 to 16`,
		"password {\nhash bcrypt twelve\n}":                `must be a whole number above zero`,
		"password {\nhash bcrypt 12 13\n}":                 `takes one number`,
		"password {\nhash argon2id memory\n}":              `memory needs a value`,
		"password {\nhash argon2id memory 64\n}":           `must be a size such as 64MiB`,
		"password {\nhash argon2id memory 64MB\n}":         `must be a size such as 64MiB`,
		"password {\nhash argon2id memory 1GiB\n}":         `must be from 12MiB to 256MiB with time 3`,
		"password {\nhash argon2id memory 8MiB\n}":         `must be from 12MiB to 256MiB with time 3`,
		"password {\nhash argon2id memory 19MiB time 1\n}": `must be from 46MiB to 256MiB with time 1`,
		"password {\nhash argon2id time 17\n}":             `must be from 1 to 16`,
		"password {\nhash argon2id threads 17\n}":          `must be from 1 to 16`,
		"password {\nhash argon2id time 3 time 4\n}":       `time is given twice`,
		"password {\nhash argon2id cost 3\n}":              `unknown word "cost"`,
		"password {\nbreached hibp /etc/list.txt\n}":       `breached takes one word: off, hibp, or the path`,
		"password {\nbreached \"\"\n}":                     `breached takes one word`,
		"password {\nbreached\n}":                          `breached takes one word`,
		"password {\nmin_length 8 {\nx\n}\n}":              `Testfile:`,
	} {
		var s Settings
		err := s.UnmarshalCaddyfile(caddyfile.NewTestDispenser(input))
		if err == nil {
			t.Errorf("%q is accepted: %+v", input, s)
			continue
		}
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "Testfile:") {
			t.Errorf("%q: %v, want %q", input, err, want)
		}
	}
}

func TestJSONOutOfBoundsDoesNotStart(t *testing.T) {
	for _, config := range []string{
		`{"min_length":-1}`, `{"hash":{"cost":4}}`, `{"hash":{"algorithm":"bcrypt","memory":65536}}`, `{"hash":{"algorithm":"argon2id","cost":12}}`,
		`{"hash":{"algorithm":"argon2id","time":-1}}`, `{"hash":{"algorithm":"argon2id","threads":-1}}`, `{"hash":{"algorithm":"scrypt"}}`,
	} {
		var s Settings
		if err := json.Unmarshal([]byte(config), &s); err != nil {
			t.Fatal(err)
		}
		if _, err := newHasher(s); err == nil {
			t.Errorf("%s starts", config)
		}
	}
}
