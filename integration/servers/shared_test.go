package servers_test

import (
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

func TestMissingServerSkipsAndFailsInContinuousIntegration(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: a server that is missing is none that is wanted")
	}
	t.Setenv("GATEHOUSE_TEST_REDIS", "")
	for ci, want := range map[string]string{"": "skip", "true": "fail"} {
		t.Setenv("CI", ci)
		if got := outcome(func(t testing.TB) { servers.Redis(t) }); got != want {
			t.Errorf("CI=%q: %s, want %s", ci, got, want)
		}
	}
}

func TestScaleShrinksLoadsButNeverToNothing(t *testing.T) {
	for _, c := range []struct {
		env        string
		full, want int
	}{
		{"", 5000, 50}, {"0.01", 10, 1}, {"1", 5000, 5000}, {"0.5", 3, 1},
	} {
		t.Setenv("GATEHOUSE_LOAD", c.env)
		if got := servers.Scale(t, c.full); got != c.want {
			t.Errorf("GATEHOUSE_LOAD=%q: %d of %d, want %d", c.env, got, c.full, c.want)
		}
	}
	for _, bad := range []string{"much", "0", "-1"} {
		t.Setenv("GATEHOUSE_LOAD", bad)
		if got := outcome(func(t testing.TB) { servers.Scale(t, 10) }); got != "fail" {
			t.Errorf("GATEHOUSE_LOAD=%q: %s", bad, got)
		}
	}
}

func TestFullLoadsAreOfLongRuns(t *testing.T) {
	for load, want := range map[string]bool{"": false, "0.01": false, "0.5": false, "1": true, "2": true} {
		t.Setenv("GATEHOUSE_LOAD", load)
		if got := servers.Long(t); got != want {
			t.Errorf("GATEHOUSE_LOAD=%q: %t", load, got)
		}
	}
}

func TestBuiltCaddyIsAnExecutable(t *testing.T) {
	t.Parallel()
	info, err := os.Stat(servers.Caddy(t))
	mustDo(t, err)
	if info.Mode()&0o100 == 0 {
		t.Errorf("mode %s", info.Mode())
	}
}

// outcome runs a helper against a recording test and says how that one ended.
func outcome(helper func(testing.TB)) string {
	r := &recorder{result: "pass"}
	done := make(chan struct{})
	go func() {
		defer close(done)
		helper(r)
	}()
	<-done
	return r.result
}

type recorder struct {
	testing.TB
	result string
}

func (r *recorder) Helper()                   {}
func (r *recorder) Skip(...any)               { r.result = "skip"; runtime.Goexit() }
func (r *recorder) Fatal(...any)              { r.result = "fail"; runtime.Goexit() }
func (r *recorder) Fatalf(f string, a ...any) { r.Fatal(fmt.Sprintf(f, a...)) }
