package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCountReadsTheEventsOfGoTest(t *testing.T) {
	for _, c := range []struct {
		name                    string
		events                  string
		passed, failed, skipped int
		shown, hidden           string
	}{
		{
			name: "a passing package shows no output",
			events: `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}
{"Action":"pass","Package":"p","Test":"TestA/sub","Elapsed":0.1}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
{"Action":"pass","Package":"p","Elapsed":1.25}`,
			passed: 2, shown: "ok   p 1.2s, 2 passed\n", hidden: "noise",
		},
		{
			name: "a failing test shows its name and output",
			events: `{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:7: got 1, want 2\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- FAIL: TestA (0.00s)\n"}
{"Action":"fail","Package":"p","Test":"TestA","Elapsed":0}
{"Action":"pass","Package":"p","Test":"TestB","Elapsed":0}
{"Action":"output","Package":"p","Output":"FAIL\n"}
{"Action":"fail","Package":"p","Elapsed":0.5}`,
			passed: 1, failed: 1, shown: "--- FAIL p TestA (0.00s)\n        a_test.go:7: got 1, want 2\nFAIL p 0.5s, 1 passed, 1 failed\n",
			hidden: "=== RUN",
		},
		{
			name: "a package that does not compile is one failure",
			events: `{"ImportPath":"p [p.test]","Action":"build-output","Output":"# p [p.test]\n"}
{"ImportPath":"p [p.test]","Action":"build-output","Output":"./p_test.go:5:2: undefined: x\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p [p.test]"}`,
			failed: 1, shown: "    ./p_test.go:5:2: undefined: x\n",
		},
		{
			name: "a package that ends early is one failure",
			events: `{"Action":"output","Package":"p","Output":"panic: no\n"}
{"Action":"fail","Package":"p","Elapsed":0}`,
			failed: 1, shown: "    panic: no\n",
		},
		{
			name: "a skip gives its reason",
			events: `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:9: no server\n"}
{"Action":"skip","Package":"p","Test":"TestA","Elapsed":0}
{"Action":"pass","Package":"p","Elapsed":0}`,
			skipped: 1, shown: "--- skipped: p TestA\n        a_test.go:9: no server\n",
		},
		{
			name: "a fuzz target that only its time ended has found nothing",
			events: `{"Action":"output","Package":"p","Test":"FuzzA","Output":"=== RUN   FuzzA\n"}
{"Action":"output","Package":"p","Test":"FuzzA","Output":"fuzz: elapsed: 5s, execs: 51720 (11240/sec), new interesting: 56 (total: 370)\n"}
{"Action":"output","Package":"p","Test":"FuzzA","Output":"--- FAIL: FuzzA (5.09s)\n"}
{"Action":"output","Package":"p","Test":"FuzzA","Output":"    context deadline exceeded\n"}
{"Action":"fail","Package":"p","Test":"FuzzA","Elapsed":5.09}
{"Action":"output","Package":"p","Output":"FAIL\n"}
{"Action":"fail","Package":"p","Elapsed":5.1}`,
			passed: 1, shown: "ok   p 5.1s, 1 passed\n",
		},
		{
			name: "a fuzz target that found something has failed, whatever its time",
			events: `{"Action":"output","Package":"p","Test":"FuzzA","Output":"    context deadline exceeded\n"}
{"Action":"output","Package":"p","Test":"FuzzA","Output":"    Failing input written to testdata/fuzz/FuzzA/0123\n"}
{"Action":"fail","Package":"p","Test":"FuzzA","Elapsed":5.09}
{"Action":"fail","Package":"p","Elapsed":5.1}`,
			failed: 1, shown: "--- FAIL p FuzzA (5.09s)\n",
		},
		{
			name: "a test that is no fuzz target fails by a deadline",
			events: `{"Action":"output","Package":"p","Test":"TestA","Output":"    context deadline exceeded\n"}
{"Action":"fail","Package":"p","Test":"TestA","Elapsed":5.09}
{"Action":"fail","Package":"p","Elapsed":5.1}`,
			failed: 1, shown: "--- FAIL p TestA (5.09s)\n",
		},
		{
			name:   "a package without tests is not a skip",
			events: `{"Action":"skip","Package":"p","Elapsed":0}`,
		},
		{
			name:   "plain words pass through",
			events: "pattern ./x: no such directory",
			shown:  "pattern ./x: no such directory",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			got := newCount(&out)
			if err := got.read(strings.NewReader(c.events)); err != nil {
				t.Fatal(err)
			}
			got.printSkips(false)
			if got.passed != c.passed || got.failed != c.failed || len(got.skipped) != c.skipped {
				t.Errorf("%d passed, %d failed, %d skipped; want %d, %d, %d",
					got.passed, got.failed, len(got.skipped), c.passed, c.failed, c.skipped)
			}
			if !strings.Contains(out.String(), c.shown) {
				t.Errorf("output lacks %q:\n%s", c.shown, &out)
			}
			if c.hidden != "" && strings.Contains(out.String(), c.hidden) {
				t.Errorf("output holds %q:\n%s", c.hidden, &out)
			}
		})
	}
}

func TestTotalsOfSeveralRunsAreLinesOfOneFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "totals")
	for _, c := range []*count{{passed: 3, failed: 1}, {passed: 4, skipped: make([]place, 2)}} {
		if err := c.addTo(file); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := "3 1 0\n4 0 2\n"; string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
}
