package main

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

// The program starts itself as the upstream; under test, the test binary is the program.
func TestMain(m *testing.M) {
	if os.Getenv(upstreamMark) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestRatioOfEqualSeriesIsOne(t *testing.T) {
	r := ratioOf([]float64{1, 2, 3}, []float64{1, 2, 3})
	if r.mean != 1 || r.low != 1 || r.high != 1 {
		t.Errorf("ratio of equal series: %v", r)
	}
}

func TestRatioIsPairedByRound(t *testing.T) {
	r := ratioOf([]float64{2, 20, 200}, []float64{1, 10, 100})
	if math.Abs(r.mean-2) > 1e-9 || math.Abs(r.low-2) > 1e-9 || math.Abs(r.high-2) > 1e-9 {
		t.Errorf("a machine that drifts in step shows: %v", r)
	}
}

func TestEveryVariantIsMeasured(t *testing.T) {
	for name, sessions := range map[string]string{"embedded": "sessions embedded", "redis": "sessions redis " + servers.Redis(t)} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			o := options{caddy: servers.Caddy(t), sessions: sessions, rounds: 2, conns: 4, rate: 200, slice: 200 * time.Millisecond}
			if err := run(o, &out); err != nil {
				t.Fatal(err)
			}
			for _, v := range variants {
				if !strings.Contains(out.String(), "| "+v+" |") {
					t.Errorf("no figures for %s in\n%s", v, out.String())
				}
			}
		})
	}
}

func TestEveryViewOfTheAdminPageIsMeasured(t *testing.T) {
	var out bytes.Buffer
	if err := measureAdmin(adminOptions{caddy: servers.Caddy(t), users: 200, rounds: 1}, &out); err != nil {
		t.Fatal(err)
	}
	for _, v := range views() {
		if !strings.Contains(out.String(), "| "+v.order+" | "+v.text+" |") {
			t.Errorf("no figures for %+v in\n%s", v, out.String())
		}
	}
}
