package caddymodule

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

var update = flag.Bool("update", false, "write what Caddyfiles adapt to into the goldens")

const goldenLine = "----------\n"

// TestCaddyfilesAdaptAsTheirGoldensSay adapts every Caddyfile in testdata/adapt to the JSON, or the error, below its line.
func TestCaddyfilesAdaptAsTheirGoldensSay(t *testing.T) {
	files, err := filepath.Glob("testdata/adapt/*.caddyfiletest")
	if err != nil || len(files) == 0 {
		t.Fatal("no goldens", err)
	}
	broken := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".caddyfiletest")
		isBroken := strings.HasPrefix(name, "broken_")
		if isBroken {
			broken++
		}
		t.Run(name, func(t *testing.T) { checkGolden(t, file, isBroken) })
	}
	if broken < 60 {
		t.Errorf("%d kinds of broken Caddyfiles, want at least 60", broken)
	}
}

// placed matches the file and line that every error names.
var placed = regexp.MustCompile(`Caddyfile:\d+`)

func checkGolden(t *testing.T, file string, isBroken bool) {
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	input, want, ok := strings.Cut(string(raw), goldenLine)
	if !ok {
		t.Fatal("no line of dashes")
	}
	got, err := adapt(input)
	switch {
	case isBroken && err == nil:
		t.Fatalf("adapts to %s", got)
	case !isBroken && err != nil:
		t.Fatal(err)
	case err != nil:
		got = err.Error() + "\n"
		if !placed.MatchString(got) {
			t.Errorf("the error has no file and line: %s", got)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(input+goldenLine+got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("adapts to\n%s\nwant\n%s", got, want)
	}
}

// adapt returns the JSON of a Caddyfile, indented.
func adapt(input string) (string, error) {
	raw, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(input), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "\t"); err != nil {
		return "", err
	}
	out.WriteByte('\n')
	return out.String(), nil
}

// FuzzCaddyfile looks for Caddyfiles that make the adapter panic.
func FuzzCaddyfile(f *testing.F) {
	files, _ := filepath.Glob("testdata/adapt/*.caddyfiletest")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		input, _, _ := strings.Cut(string(raw), goldenLine)
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, input string) {
		if strings.Contains(input, "import") { // reads files
			t.Skip()
		}
		_, _ = adapt(input)
	})
}
