package methodtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A plugin of somebody else is a module of its own, and has the contract and the suites to go by.
func TestStrangersModule(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "integration/stranger"))); err != nil {
		t.Fatal(err)
	}
	copied := func(from, to string, change func(string) string) {
		raw, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, []byte(change(string(raw))), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	// The libraries of the copy are those of this module, in the versions that are here.
	own := filepath.Join(dir, "go.mod")
	copied(filepath.Join(root, "go.sum"), filepath.Join(dir, "go.sum"), func(s string) string { return s })
	copied(own, own, func(s string) string { return strings.Replace(s, "=> ../..", "=> "+root, 1) })
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GOPROXY=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	t.Run("it compiles against the contract, the keys and the records alone", func(t *testing.T) {
		const ours = "github.com/gatehouse-auth/gatehouse/"
		for _, imported := range strings.Fields(run("list", "-f", `{{join .Imports "\n"}}`, ".")) {
			switch rest, own := strings.CutPrefix(imported, ours); {
			case !own, rest == "authportal/method", rest == "authportal/keyring", rest == "store":
			default:
				t.Errorf("it needs %s", imported)
			}
		}
	})
	t.Run("it passes the suites", func(t *testing.T) { run("test", "-count=1", ".") })
}
