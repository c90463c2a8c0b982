package loop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var errBroken = errors.New("broken")

// rounds runs a loop whose round answers as steps say, one after the other, and returns when each round began.
func rounds(t *testing.T, l *Loop, steps ...func() (bool, error)) (at []time.Duration, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	start := time.Now()
	err = l.Run(ctx, func(context.Context) (bool, error) {
		at = append(at, time.Since(start))
		if len(at) > len(steps) {
			cancel()
			return false, nil
		}
		return steps[len(at)-1]()
	})
	return at, err
}

func idle() (bool, error) { return false, nil }
func busy() (bool, error) { return true, nil }
func fail() (bool, error) { return false, errBroken }

func TestLoopWaitsBetweenRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at, err := rounds(t, &Loop{After: 5 * time.Second, Every: time.Second}, idle, busy, busy, idle)
		want := []time.Duration{5 * time.Second, 6 * time.Second, 6 * time.Second, 6 * time.Second, 7 * time.Second}
		if err != nil || !slices.Equal(at, want) {
			t.Errorf("rounds at %v, %v, want %v", at, err, want)
		}
	})
}

func TestLoopIsWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wake := NewSignal()
		at, err := rounds(t, &Loop{Every: time.Hour, Wake: wake}, func() (bool, error) {
			wake.Send()
			wake.Send() // is one with the first
			return false, nil
		}, idle)
		if want := []time.Duration{0, 0, time.Hour}; err != nil || !slices.Equal(at, want) {
			t.Errorf("rounds at %v, %v, want %v", at, err, want)
		}
	})
}

func TestLoopBacksOffAndLogsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		wake := NewSignal()
		l := &Loop{Every: time.Minute, Wake: wake, Backoff: Backoff{First: time.Second, Longest: 3 * time.Second},
			Outage: Outage{Log: slog.New(slog.NewTextHandler(&log, nil)), Failing: "it fails", Working: "it works again"}}
		at, err := rounds(t, l, func() (bool, error) {
			wake.Send() // does not cut a pause short that follows a failure
			return fail()
		}, fail, fail, busy, fail, idle)
		var want []time.Duration
		for _, s := range []int{0, 1, 3, 6, 6, 7, 7} { // the last was woken by what was sent at the beginning
			want = append(want, time.Duration(s)*time.Second)
		}
		if err != nil || !slices.Equal(at, want) {
			t.Errorf("rounds at %v, %v, want %v", at, err, want)
		}
		for _, line := range []string{`level=WARN msg="it fails" error=broken`, `level=INFO msg="it works again"`} {
			if got := strings.Count(log.String(), line); got != 2 {
				t.Errorf("%d times %s, want 2", got, line)
			}
		}
	})
}

func TestLoopEnds(t *testing.T) {
	t.Run("with an error that ends it", func(t *testing.T) {
		l := &Loop{Ends: func(err error) bool { return errors.Is(err, errBroken) }}
		if _, err := rounds(t, l, busy, fail); !errors.Is(err, errBroken) {
			t.Error(err)
		}
	})
	t.Run("with its context, whatever the round returns then", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l := &Loop{Ends: func(error) bool { return true }}
		err := l.Run(ctx, func(context.Context) (bool, error) { cancel(); return fail() })
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("before its first round", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		l := &Loop{After: time.Hour}
		if err := l.Run(ctx, func(context.Context) (bool, error) { t.Error("a round"); return idle() }); err != nil {
			t.Error(err)
		}
	})
}

func TestBackoffDoublesToItsLongest(t *testing.T) {
	b := Backoff{First: 30 * time.Second, Longest: time.Hour}
	for failures, want := range map[int]time.Duration{0: 30 * time.Second, 1: 30 * time.Second, 2: time.Minute,
		4: 4 * time.Minute, 7: 32 * time.Minute, 8: time.Hour, 1 << 40: time.Hour} {
		if got := b.Pause(failures); got != want {
			t.Errorf("after %d failures %v, want %v", failures, got, want)
		}
	}
	b.Jitter = 0.2
	seen := map[time.Duration]bool{}
	for range 100 {
		d := b.Pause(1)
		if d < b.First || d >= b.First+b.First/5 {
			t.Fatalf("with a fifth of jitter: %v", d)
		}
		seen[d] = true
	}
	if len(seen) < 2 {
		t.Error("no jitter")
	}
}

func TestOutageIsAnErrorWhereItIsSevere(t *testing.T) {
	var log bytes.Buffer
	o := Outage{Log: slog.New(slog.NewTextHandler(&log, nil)), Severe: true, Failing: "it fails"}
	for want := 1; want < 4; want++ {
		if n := o.Failed(fmt.Errorf("try %d", want)); n != want || o.Failures() != want {
			t.Errorf("%d failures, want %d", n, want)
		}
	}
	o.Worked()
	lines := log.String()
	if o.Failures() != 0 || strings.Count(lines, "\n") != 1 ||
		!strings.Contains(lines, `level=ERROR msg="it fails" error="try 1"`) {
		t.Error(lines)
	}
	silent := Outage{Failing: "it fails", Working: "it works"}
	silent.Failed(errBroken)
	silent.Worked()
}
