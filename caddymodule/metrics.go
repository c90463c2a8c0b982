package caddymodule

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Verdict is what a gate did with one request: the only label of the verdict counter.
type Verdict uint8

// The verdicts.
const (
	VerdictPublic      Verdict = iota // let through without looking for an identity
	VerdictOptional                   // let through, with an identity where there was one
	VerdictAllowed                    // let through with the identity that the rule demands
	VerdictLogin                      // signed out, or `mfa` or `fresh` unmet: sent to sign in, or 401
	VerdictForbidden                  // signed in and not permitted, or nobody is: 403
	VerdictRefused                    // not a request that can be judged: 400, 421, 425 and the like
	VerdictUnavailable                // a store or the app was not there: 503
	verdicts                          // how many there are
)

var verdictNames = [verdicts]string{"public", "optional", "allowed", "login", "forbidden", "refused", "unavailable"}

// Metrics are the collectors of Gatehouse. They are made once a process, because counters must survive a reload, and
// registered with every configuration's registry anew, because Caddy makes a new one each time. Labels are bounded: no user,
// address, host or path is ever one.
type Metrics struct {
	verdicts     *prometheus.CounterVec
	byVerdict    [verdicts]prometheus.Counter // resolved once: the hot path looks nothing up
	signIns      *prometheus.CounterVec
	cache        *prometheus.CounterVec
	storeSeconds *prometheus.HistogramVec
	hashing      *prometheus.GaugeVec
}

// processMetrics is the process's one set; nothing ever replaces it.
var processMetrics = newMetrics()

func newMetrics() *Metrics {
	const space, part = "caddy", "gatehouse"
	m := &Metrics{
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: space, Subsystem: part, Name: "verdicts_total",
			Help: "Requests judged by gates, by verdict."}, []string{"verdict"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: space, Subsystem: part, Name: "sign_ins_total",
			Help: "Attempts to sign in, by method and result."}, []string{"method", "result"}),
		cache: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: space, Subsystem: part, Name: "session_cache_total",
			Help: "Look-ups in the local session cache, by result."}, []string{"result"}),
		storeSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: space, Subsystem: part, Name: "store_seconds",
			Help:    "Time that calls to the users and the session store took, by store, call and result.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}},
			[]string{"store", "call", "result"}),
		hashing: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: space, Subsystem: part, Name: "password_hashing",
			Help: "Passwords being hashed and waiting for their turn."}, []string{"state"}),
	}
	for v := range verdicts {
		m.byVerdict[v] = m.verdicts.WithLabelValues(verdictNames[v])
	}
	return m
}

// register makes the collectors part of one configuration's registry.
func (m *Metrics) register(r *prometheus.Registry) error {
	for _, c := range []prometheus.Collector{m.verdicts, m.signIns, m.cache, m.storeSeconds, m.hashing} {
		var already prometheus.AlreadyRegisteredError
		if err := r.Register(c); err != nil && !errors.As(err, &already) {
			return fmt.Errorf("registering metrics: %w", err)
		}
	}
	return nil
}

// Count counts one verdict. It takes no lock and allocates nothing.
func (m *Metrics) Count(v Verdict) { m.byVerdict[v].Inc() }
