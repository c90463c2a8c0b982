package app

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gatehouse-auth/gatehouse/caddymodule/metrics"
)

// registerMetrics makes the collectors part of this configuration's registry.
func (a *App) registerMetrics(r *prometheus.Registry) error {
	for _, c := range append(metrics.Process.All(), gauges{a}) {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("registering metrics: %w", err)
		}
	}
	return nil
}

// gauges reads what is known only at the time of a scrape: the session cache and the hashing of passwords. There is one
// for each configuration, whose own stores it reads; it has nothing to show until the app has started.
type gauges struct{ app *App }

func described(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("caddy_gatehouse_"+name, help, labels, nil)
}

var (
	cacheLookups = described("session_cache_lookups_total", "Look-ups of sessions, by whether the local cache answered.",
		"result")
	cacheSize = described("session_cache_sessions", "Sessions in the local cache.")
	cacheUp   = described("session_feed_up",
		"1 where changes of sessions are being told, so that the local cache is in use.")
	openStreams    = described("open_streams", "WebSockets and event streams that end with their session.")
	webhookWaiting = described("webhook_waiting",
		"Events that the webhook was not told yet, as counted at most half a minute ago.")
	webhookOldest = described("webhook_oldest_seconds", "How long ago the oldest of them happened; 0 where none waits.")
	hashing       = described("password_hashing", "Passwords being hashed, and waiting for their turn.", "state")
)

// Describe names the metrics.
func (g gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{cacheLookups, cacheSize, cacheUp, openStreams, webhookWaiting, webhookOldest,
		hashing} {
		to <- d
	}
}

// hashingLoad is an ability of methods that hash in a bounded pool.
type hashingLoad interface{ Hashing() (running, waiting int) }

// Collect reads them.
func (g gauges) Collect(to chan<- prometheus.Metric) {
	run := g.app.running.Load()
	if run == nil {
		return
	}
	send := func(d *prometheus.Desc, t prometheus.ValueType, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, t, v, labels...)
	}
	s := run.Sessions.Stats()
	send(cacheLookups, prometheus.CounterValue, float64(s.Hits), "hit")
	send(cacheLookups, prometheus.CounterValue, float64(s.Misses), "miss")
	send(cacheSize, prometheus.GaugeValue, float64(s.Sessions))
	send(openStreams, prometheus.GaugeValue, float64(s.Watches))
	up := 0.0
	if s.Up {
		up = 1
	}
	send(cacheUp, prometheus.GaugeValue, up)
	if run.Webhook != nil {
		if q, counted := run.Webhook.worker.Waiting(); counted {
			age := 0.0
			if q.Waiting > 0 {
				age = max(0, run.Now().Sub(q.Oldest).Seconds())
			}
			send(webhookWaiting, prometheus.GaugeValue, float64(q.Waiting))
			send(webhookOldest, prometheus.GaugeValue, age)
		}
	}
	if run.hashing != nil {
		busy, waiting := run.hashing.Hashing()
		send(hashing, prometheus.GaugeValue, float64(busy), "busy")
		send(hashing, prometheus.GaugeValue, float64(waiting), "waiting")
	}
}
