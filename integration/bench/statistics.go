package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// ratio is the geometric mean of per-round ratios with its 95 % interval.
type ratio struct{ mean, low, high float64 }

func (r ratio) String() string { return fmt.Sprintf("%.3f (%.3f–%.3f)", r.mean, r.low, r.high) }

// ratioOf compares round by round, so that a machine that drifts does so for both, and finds the interval by resampling
// rounds (percentile bootstrap, 10,000 draws, a fixed seed).
func ratioOf(a, b []float64) ratio {
	logs := make([]float64, len(a))
	for i := range a {
		logs[i] = math.Log(a[i] / b[i])
	}
	rng := rand.New(rand.NewPCG(1, 2))
	draws := make([]float64, 10_000)
	for d := range draws {
		sum := 0.0
		for range logs {
			sum += logs[rng.IntN(len(logs))]
		}
		draws[d] = sum / float64(len(logs))
	}
	slices.Sort(draws)
	return ratio{math.Exp(mean(logs)), math.Exp(draws[len(draws)*25/1000]), math.Exp(draws[len(draws)*975/1000])}
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// percentile expects sorted values.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}
