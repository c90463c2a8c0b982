package caddymodule

import (
	"github.com/prometheus/client_golang/prometheus"
)

// answer is what a gate did with one request: the only label of the counter of requests.
type answer uint8

const (
	answerPublic       answer = iota // let through without looking for an identity
	answerGranted                    // let through, with the identity where there is one
	answerLogin                      // signed out: sent to sign in, or 401
	answerMFA                        // a second factor is missing: the same
	answerFresh                      // the sign-in is too old: the same
	answerForbidden                  // 403
	answerRefused                    // no request that can be judged: 400, 425 and the like
	answerInvalidToken               // 401 for a token that is unknown, expired or revoked
	answerUnavailable                // a store or the app was not there: 503
	answers                          // how many there are
)

var answerNames = [answers]string{"public", "granted", "login", "mfa", "fresh", "forbidden", "refused", "invalid_token", "unavailable"}

// Metrics are the collectors of Gatehouse. They are made once a process, because counters must survive a reload, and
// registered with every configuration's registry anew, because Caddy makes a new one each time. Labels are bounded: no user,
// address, host or path is ever one.
type Metrics struct {
	verdicts     *prometheus.CounterVec
	byAnswer     [answers]prometheus.Counter // resolved once: the hot path looks nothing up
	signIns      *prometheus.CounterVec
	deliveries   *prometheus.CounterVec
	storeSeconds *prometheus.HistogramVec
}

// processMetrics is the process's one set; nothing ever replaces it.
var processMetrics = newMetrics()

func newMetrics() *Metrics {
	const space, part = "caddy", "gatehouse"
	m := &Metrics{
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: space, Subsystem: part, Name: "verdicts_total",
			Help: "Requests judged by gates, by what followed."}, []string{"verdict"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: space, Subsystem: part, Name: "sign_ins_total",
			Help: "Attempts to sign in, by method and result."}, []string{"method", "result"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: space, Subsystem: part, Name: "webhook_posts_total",
			Help: "Events posted to the webhook, by whether it took them."}, []string{"result"}),
		storeSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: space, Subsystem: part, Name: "store_seconds",
			Help:    "Time that calls to the users and the session store took, by store, call and result.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}},
			[]string{"store", "call", "result"}),
	}
	for a := range answers {
		m.byAnswer[a] = m.verdicts.WithLabelValues(answerNames[a])
	}
	return m
}

// collectors returns what every configuration's registry is given.
func (m *Metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.verdicts, m.signIns, m.deliveries, m.storeSeconds}
}

// countSignIn counts an attempt to sign in.
func (m *Metrics) countSignIn(method, result string) { m.signIns.WithLabelValues(method, result).Inc() }

// countDelivery counts one try of the webhook.
func (m *Metrics) countDelivery(ok bool) {
	result := "ok"
	if !ok {
		result = "failed"
	}
	m.deliveries.WithLabelValues(result).Inc()
}

// count counts one answer of a gate. It takes no lock and allocates nothing.
func (m *Metrics) count(a answer) { m.byAnswer[a].Inc() }
