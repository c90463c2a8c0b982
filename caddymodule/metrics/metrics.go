package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Verdict is what a gate did with one request: the only label of the counter of requests.
type Verdict uint8

const (
	Public       Verdict = iota // let through without looking for an identity
	Granted                     // let through, with the identity where there is one
	Login                       // signed out: sent to sign in, or 401
	MFA                         // a second factor is missing: the same
	Fresh                       // the sign-in is too old: the same
	Forbidden                   // 403
	Refused                     // no request that can be judged: 400, 425 and the like
	InvalidToken                // 401 for a token that is unknown, expired or revoked
	Unavailable                 // a store or the app was not there: 503
	verdicts                    // how many there are
)

var verdictNames = [verdicts]string{"public", "granted", "login", "mfa", "fresh", "forbidden", "refused",
	"invalid_token", "unavailable"}

// Collectors are the collectors of Gatehouse. They are made once a process, because counters must survive a reload,
// and registered with every configuration's registry anew, because Caddy makes a new one each time. Labels are
// bounded: no user, address, host or path is ever one.
type Collectors struct {
	requests     *prometheus.CounterVec
	byVerdict    [verdicts]prometheus.Counter // resolved once: the hot path looks nothing up
	signIns      *prometheus.CounterVec
	deliveries   *prometheus.CounterVec
	storeSeconds *prometheus.HistogramVec
}

// Process is the process's one set; nothing ever replaces it.
var Process = newCollectors()

func newCollectors() *Collectors {
	const space, part = "caddy", "gatehouse"
	m := &Collectors{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: space, Subsystem: part, Name: "verdicts_total",
			Help: "Requests judged by gates, by what followed."}, []string{"verdict"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: space, Subsystem: part, Name: "sign_ins_total",
			Help: "Attempts to sign in, by method and result."}, []string{"method", "result"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: space, Subsystem: part,
			Name: "webhook_posts_total",
			Help: "Events posted to the webhook, by whether it took them."}, []string{"result"}),
		storeSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: space, Subsystem: part,
			Name:    "store_seconds",
			Help:    "Time that calls to the users and the session store took, by store, call and result.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}},
			[]string{"store", "call", "result"}),
	}
	for a := range verdicts {
		m.byVerdict[a] = m.requests.WithLabelValues(verdictNames[a])
	}
	return m
}

// All returns what every configuration's registry is given.
func (m *Collectors) All() []prometheus.Collector {
	return []prometheus.Collector{m.requests, m.signIns, m.deliveries, m.storeSeconds}
}

// CountSignIn counts an attempt to sign in.
func (m *Collectors) CountSignIn(method, result string) {
	m.signIns.WithLabelValues(method, result).Inc()
}

// CountDelivery counts one try of the webhook.
func (m *Collectors) CountDelivery(ok bool) {
	result := "ok"
	if !ok {
		result = "failed"
	}
	m.deliveries.WithLabelValues(result).Inc()
}

// Count counts one answer of a gate. It takes no lock and allocates nothing.
func (m *Collectors) Count(a Verdict) { m.byVerdict[a].Inc() }
