package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"
)

func main() {
	var (
		upstream = flag.String("upstream", "", "serve the upstream on this port (used by the program itself)")
		admin    = flag.Bool("admin", false, "measure the admin page instead")
		users    = flag.Int("users", 100_000, "accounts of -admin")
		o        options
	)
	flag.StringVar(&o.caddy, "caddy", os.Getenv("GATEHOUSE_TEST_CADDY"), "Caddy with Gatehouse")
	flag.StringVar(&o.sessions, "sessions", "sessions embedded", "the line of the global block that says where sessions are")
	flag.IntVar(&o.rounds, "rounds", 12, "rounds; each loads every variant once, in random order (-admin: every page so often)")
	flag.DurationVar(&o.slice, "slice", 3*time.Second, "how long a variant is loaded in a round")
	flag.IntVar(&o.conns, "conns", 16, "connections")
	flag.IntVar(&o.rate, "rate", 2000, "requests a second while latencies are taken")
	flag.Parse()
	err := error(nil)
	switch {
	case *upstream != "":
		err = serveUpstream(*upstream)
	case *admin:
		err = measureAdmin(adminOptions{caddy: o.caddy, users: *users, rounds: o.rounds}, os.Stdout)
	default:
		err = run(o, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	caddy, sessions     string
	rounds, conns, rate int
	slice               time.Duration
}

// series holds one figure of every round.
type series struct{ cpu, throughput, p99 []float64 }

func run(o options, out io.Writer) error {
	rig, err := start(o.caddy, o.sessions)
	defer rig.stop()
	if err != nil {
		return err
	}
	got := map[string]*series{}
	for _, v := range variants {
		got[v] = &series{}
		if _, err := rig.load(v, o.conns).closed(o.slice / 3); err != nil { // warm connections, caches and branch predictors
			return fmt.Errorf("%s: %w", v, err)
		}
	}
	for range o.rounds {
		for _, i := range rand.Perm(len(variants)) {
			if err := rig.measure(variants[i], got[variants[i]], o); err != nil {
				return fmt.Errorf("%s: %w", variants[i], err)
			}
		}
	}
	report(out, o, got)
	return nil
}

// measure loads one variant for one slice as fast as it goes, and for one at the fixed rate.
func (r *rig) measure(variant string, s *series, o options) error {
	l := r.load(variant, o.conns)
	before, err := r.cpu()
	if err != nil {
		return err
	}
	fast, err := l.closed(o.slice)
	if err != nil {
		return err
	}
	after, err := r.cpu()
	if err != nil {
		return err
	}
	even, err := l.paced(o.slice/2, o.rate)
	if err != nil {
		return err
	}
	s.cpu = append(s.cpu, (after-before).Seconds()/float64(fast.requests))
	s.throughput = append(s.throughput, float64(fast.requests)/fast.took.Seconds())
	s.p99 = append(s.p99, percentile(even.latencies, 0.99).Seconds())
	return nil
}

func report(out io.Writer, o options, got map[string]*series) {
	fmt.Fprintf(out, "%s; %d rounds of %s a variant, %d connections, HTTP/1.1, 1 KiB\n\n", o.sessions, o.rounds, o.slice, o.conns)
	fmt.Fprintf(out, "| variant | CPU a request (median) | requests a second (median) | p99 at %d/s (median) |\n| --- | --- | --- | --- |\n", o.rate)
	for _, v := range variants {
		s := got[v]
		fmt.Fprintf(out, "| %s | %.1f µs | %.0f | %.2f ms |\n", v, median(s.cpu)*1e6, median(s.throughput), median(s.p99)*1e3)
	}
	fmt.Fprintf(out, "\n| ratio | CPU a request | throughput | p99 |\n| --- | --- | --- | --- |\n")
	for _, pair := range [][2]string{{gated, control}, {null, control}, {gated, noHeader}, {control, noHeader}} {
		a, b := got[pair[0]], got[pair[1]]
		fmt.Fprintf(out, "| %s / %s | %s | %s | %s |\n", pair[0], pair[1], ratioOf(a.cpu, b.cpu), ratioOf(a.throughput, b.throughput), ratioOf(a.p99, b.p99))
	}
}
