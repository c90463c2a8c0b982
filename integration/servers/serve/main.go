package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

func main() {
	untilEOF := flag.Bool("until-eof", false, "stop at the end of standard input, so that whoever holds it cannot die without us")
	flag.Parse()
	if err := run(flag.Arg(0), *untilEOF); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

func run(dir string, untilEOF bool) error {
	if dir == "" {
		return errors.New("usage: serve [-until-eof] <directory>")
	}
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()
	if untilEOF {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	return servers.Serve(ctx, dir, os.Stdout)
}
