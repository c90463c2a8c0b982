package app

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// The words of all providers, and what is left for the method; or the error.
func TestProviderWordsInCaddyfile(t *testing.T) {
	for _, c := range []struct {
		what, in, options, own string
		words                  int
	}{
		{"no block", `corp acme`, `{}`, `corp acme`, 0},
		{"common words alone", "corp {\n label \"Company account\"\n signup off\n trust_mfa\n}",
			`{"label":"Company account","signup":"off","trust_mfa":true}`, `corp { }`, 0},
		{"own words alone", "corp {\n client_id x\n}", `{}`, `corp { client_id x }`, 1},
		{"mixed, with a block of the method's own", "corp acme {\n domain a.example b.example\n map {\n  role groups\n }\n role member\n refresh 15m\n home a.example\n scope x y\n}",
			`{"domain":["a.example","b.example"],"role":["member"],"home":["a.example"],"refresh":"15m0s"}`,
			`corp acme { map { role groups } scope x y }`, 2},
		{"a word twice", "corp {\n label x\n label y\n}", "label stands twice in corp: it is on line 2 already; keep one", "", 0},
		{"neither on nor off", "corp {\n signup maybe\n}", "signup is on or off, not \"maybe\"", "", 0},
		{"a flag with an argument", "corp {\n trust_mfa yes\n}", "trust_mfa", "", 0},
		{"a list of nothing", "corp {\n domain\n}", "domain has no argument: write `domain example.com`", "", 0},
		{"no duration", "corp {\n refresh often\n}", "refresh", "", 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			tokens, err := caddyfile.Tokenize([]byte(c.in), "Caddyfile")
			if err != nil {
				t.Fatal(err)
			}
			d := caddyfile.NewDispenser(tokens)
			d.Next()
			own, o, err := splitProvider(d)
			if err != nil {
				if c.own != "" || !strings.Contains(err.Error(), c.options) || !strings.Contains(err.Error(), "Caddyfile:") {
					t.Errorf("got %v, want %q with file and line", err, c.options)
				}
				return
			}
			raw, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			var text []string
			for _, token := range own {
				text = append(text, token.Text)
			}
			if got := strings.Join(text, " "); string(raw) != c.options || got != c.own {
				t.Errorf("%s and %q, want %s and %q", raw, got, c.options, c.own)
			}
			d = caddyfile.NewDispenser(own)
			d.Next()
			d.RemainingArgs()
			words := 0
			for nesting := d.Nesting(); d.NextBlock(nesting); words++ {
				d.NextSegment()
			}
			if words != c.words {
				t.Errorf("the method finds %d words of its own, want %d", words, c.words)
			}
		})
	}
}

func TestMFASettingsReachThePortal(t *testing.T) {
	for _, c := range []struct {
		require string
		all     bool
		roles   int
		wrong   bool
	}{{"", false, 0, false}, {"all", true, 0, false}, {"none", false, 0, false}, {"role:a role:b", false, 2, false}, {"role:", false, 0, true}, {"some", false, 0, true}, {"none all", false, 0, true}} {
		s, err := (&MFA{Require: strings.Fields(c.require)}).settings()
		if (err != nil) != c.wrong || !c.wrong && (s.RequireAll != c.all || len(s.RequireRoles) != c.roles) {
			t.Errorf("%q: %+v, %v", c.require, s, err)
		}
	}
	if err := (&App{MFA: &MFA{}}).loadMethods(caddy.Context{}); err != errNoFactors {
		t.Errorf("configured in JSON: %v", err)
	}
}
