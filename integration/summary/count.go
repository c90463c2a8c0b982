package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// event is a line of `go test -json`: see `go doc test2json`, and for builds `go help buildjson`.
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build events
	Test        string // empty for what happens to a package
	Output      string
	Elapsed     float64
	FailedBuild string
}

// place is where output belongs: a test, a package (test empty) or a build.
type place struct{ pkg, test string }

// count follows the events. Tests and subtests count one each; a package that fails without a failing test (it did not
// compile, it ended early) counts as one failure.
type count struct {
	passed, failed int
	skipped        []place
	late           int // fuzz targets that only their time ended: see endedByItsTime

	w      io.Writer
	output map[place]*strings.Builder
	perPkg map[string]*tally
}

type tally struct{ passed, failed, skipped, late int }

func newCount(w io.Writer) *count {
	return &count{w: w, output: map[place]*strings.Builder{}, perPkg: map[string]*tally{}}
}

func (c *count) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil || e.Action == "" {
				fmt.Fprintf(c.w, "%s", line) // go test speaks plainly where it cannot even start
			} else {
				c.take(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the events of go test: %w", err)
		}
	}
}

func (c *count) take(e event) {
	where := place{e.Package, e.Test}
	if e.Action == "build-output" || e.Action == "build-fail" {
		where = place{"build " + e.ImportPath, ""}
	}
	if e.Action == "output" || e.Action == "build-output" {
		if c.output[where] == nil {
			c.output[where] = &strings.Builder{}
		}
		c.output[where].WriteString(e.Output)
		return
	}
	if e.Package == "" {
		return
	}
	if c.perPkg[e.Package] == nil {
		c.perPkg[e.Package] = &tally{}
	}
	if e.Test == "" {
		c.endPackage(e)
		return
	}
	c.endTest(e, where)
}

func (c *count) endTest(e event, where place) {
	pkg := c.perPkg[e.Package]
	if e.Action == "fail" && c.endedByItsTime(where) {
		e.Action = "pass"
		c.late++
		pkg.late++
	}
	switch e.Action {
	case "pass":
		c.passed++
		pkg.passed++
		delete(c.output, where)
	case "fail":
		c.failed++
		pkg.failed++
		fmt.Fprintf(c.w, "--- FAIL %s %s (%.2fs)\n%s", e.Package, e.Test, e.Elapsed, c.said(where))
		delete(c.output, where)
	case "skip":
		c.skipped = append(c.skipped, where)
		pkg.skipped++
	}
}

// endedByItsTime reports that a fuzz target failed by nothing but the end of its time. Up to Go 1.26 the engine now and then
// takes the deadline of -fuzztime, its own ordinary end, for an error (https://go.dev/issue/75804, mended in Go 1.27). A
// finding always comes with words of its own, and with the file that holds the failing input.
func (c *count) endedByItsTime(where place) bool {
	if !strings.HasPrefix(where.test, "Fuzz") || c.output[where] == nil {
		return false
	}
	deadline := false
	for line := range strings.Lines(c.said(where)) {
		switch text := strings.TrimSpace(line); {
		case text == "context deadline exceeded":
			deadline = true
		case text != "" && !strings.HasPrefix(text, "fuzz: elapsed:"):
			return false
		}
	}
	return deadline
}

func (c *count) endPackage(e event) {
	pkg, where := c.perPkg[e.Package], place{e.Package, ""}
	if e.Action == "fail" && pkg.late > 0 && pkg.failed == 0 && e.FailedBuild == "" {
		e.Action = "pass"
	}
	switch e.Action {
	case "pass":
		fmt.Fprintf(c.w, "ok   %s %.1fs, %d passed", e.Package, e.Elapsed, pkg.passed)
		if pkg.skipped > 0 {
			fmt.Fprintf(c.w, ", %d skipped", pkg.skipped)
		}
		fmt.Fprintln(c.w)
	case "fail":
		if pkg.failed == 0 {
			c.failed++
		}
		fmt.Fprintf(c.w, "FAIL %s %.1fs, %d passed, %d failed\n", e.Package, e.Elapsed, pkg.passed, max(1, pkg.failed))
		if e.FailedBuild != "" {
			fmt.Fprint(c.w, c.said(place{"build " + e.FailedBuild, ""}))
		} else if pkg.failed == 0 {
			fmt.Fprint(c.w, c.said(where))
		}
	default:
		return // "start", and "skip" for a package without tests
	}
	delete(c.output, where)
}

// said returns what was printed at a place, without the lines that go test adds for itself, indented.
func (c *count) said(where place) string {
	if c.output[where] == nil {
		return ""
	}
	var b strings.Builder
	for line := range strings.Lines(c.output[where].String()) {
		text := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(text, "=== "), strings.HasPrefix(text, "--- FAIL:"), strings.HasPrefix(text, "--- SKIP:"), text == "FAIL":
		default:
			b.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
		}
	}
	return b.String()
}

// printSkips lists what was not run, with the reason that the test gave.
func (c *count) printSkips(strict bool) {
	for _, where := range c.skipped {
		verdict := "skipped"
		if strict {
			verdict = "skipped, which CI=true does not allow"
		}
		fmt.Fprintf(c.w, "--- %s: %s %s\n%s", verdict, where.pkg, where.test, c.said(where))
	}
}
