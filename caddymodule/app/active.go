package app

import (
	"slices"
	"sync"
)

// activeApps are the apps that have started and not stopped, the latest last: during a reload there are two. Caddy
// makes the admin endpoint before any app and passes it none, so that this list, which Start and Stop keep, is its
// only way to the running configuration.
type activeApps struct {
	mu   sync.Mutex
	apps []*App
}

var active activeApps

func (l *activeApps) add(a *App) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.apps = append(l.apps, a)
}

func (l *activeApps) remove(a *App) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.apps = slices.DeleteFunc(l.apps, func(b *App) bool { return b == a })
}

// current returns the app in force, nil where there is none.
func (l *activeApps) current() *App {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.apps) == 0 {
		return nil
	}
	return l.apps[len(l.apps)-1]
}

// Current returns the app in force and what it runs; nil where there is none.
func Current() (*App, *Running) {
	app := active.current()
	if app == nil {
		return nil, nil
	}
	return app, app.running.Load()
}
