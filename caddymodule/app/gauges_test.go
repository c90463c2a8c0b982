package app

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/caddymodule/metrics"
)

// TestMetricsAreThereForEveryConfiguration although their collectors are made once, and have bounded labels.
func TestMetricsAreThereForEveryConfiguration(t *testing.T) {
	for range 2 {
		app, run := opened(t, justUsers)
		app.running.Store(run)
		run.Metrics.Count(metrics.Granted)
		app.notify(t.Context(), audit.Event{Kind: audit.EventSignIn, Method: "password", Result: audit.ResultOK})
		app.notify(t.Context(), audit.Event{Kind: audit.EventSignIn, Method: "typed by a stranger", Result: audit.ResultRefused})
		registry := prometheus.NewPedanticRegistry()
		if err := app.registerMetrics(registry); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"caddy_gatehouse_verdicts_total", "caddy_gatehouse_sign_ins_total", "caddy_gatehouse_store_seconds",
			"caddy_gatehouse_session_cache_lookups_total", "caddy_gatehouse_session_feed_up", "caddy_gatehouse_password_hashing"} {
			if n, err := testutil.GatherAndCount(registry, name); err != nil || n == 0 {
				t.Errorf("%s: %d %v", name, n, err)
			}
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if strings.Contains(f.String(), "stranger") {
				t.Errorf("a stranger's text is a label: %s", f)
			}
		}
	}
}
