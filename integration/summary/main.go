package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() {
	totals := flag.String("totals", "", "file to which a line with the three counts is appended")
	log := flag.String("log", "", "file that keeps the events of go test as they came")
	strict := flag.Bool("strict", os.Getenv("CI") == "true", "say of a skip that it is not allowed (default: where CI=true)")
	flag.Parse()
	ok, err := run(*totals, *log, *strict, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

func run(totals, log string, strict bool, args []string) (ok bool, err error) {
	if totals == "" || log == "" || len(args) == 0 {
		return false, errors.New("usage: summary -totals <file> -log <file> [-strict] -- <arguments of go test>")
	}
	events, err := os.Create(log)
	if err != nil {
		return false, err
	}
	defer events.Close()

	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	c := newCount(os.Stdout)
	readErr := c.read(io.TeeReader(out, events))
	waitErr := cmd.Wait()
	if waitErr != nil && c.failed == 0 && c.late == 0 {
		// go test itself failed: no such package, a flag it does not know, a fault outside every test
		c.failed++
		fmt.Printf("FAIL go test: %v\n", waitErr)
	}
	c.printSkips(strict)
	fmt.Printf("%d passed, %d failed, %d skipped\n", c.passed, c.failed, len(c.skipped))
	return c.failed == 0, errors.Join(readErr, c.addTo(totals))
}

func (c *count) addTo(totals string) error {
	f, err := os.OpenFile(totals, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, c.passed, c.failed, len(c.skipped))
	return errors.Join(w.Flush(), f.Close())
}
