package app

import (
	"context"
	"log/slog"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap/exp/zapslog"
)

// noTraces keeps stack traces out of the log: an outage of a store is no fault of the code that met it.
var noTraces = zapslog.AddStacktraceAt(slog.Level(127))

// log returns the logger of this configuration.
func (a *App) log() *slog.Logger {
	return slog.New(zapslog.NewHandler(a.ctx.Logger().Core(), zapslog.WithName("gatehouse"), noTraces))
}

// processLog returns a logger for what outlives a configuration. It writes to Caddy's default log as it is at the
// time of the record: the one of the configuration that opened a store may be closed by then.
func processLog() *slog.Logger { return slog.New(&processHandler{}) }

// processHandler hands each record to the default log of the moment.
type processHandler struct {
	with []func(slog.Handler) slog.Handler // attributes and groups, in order
}

func (h *processHandler) current() slog.Handler {
	var now slog.Handler = zapslog.NewHandler(caddy.Log().Core(), zapslog.WithName("gatehouse"), noTraces)
	for _, add := range h.with {
		now = add(now)
	}
	return now
}

func (h *processHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.current().Enabled(ctx, level)
}

func (h *processHandler) Handle(ctx context.Context, r slog.Record) error {
	return h.current().Handle(ctx, r)
}

func (h *processHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.add(func(next slog.Handler) slog.Handler { return next.WithAttrs(attrs) })
}

func (h *processHandler) WithGroup(name string) slog.Handler {
	return h.add(func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
}

func (h *processHandler) add(f func(slog.Handler) slog.Handler) slog.Handler {
	return &processHandler{append(h.with[:len(h.with):len(h.with)], f)}
}
