package app

import (
	"context"
	"strings"
	"time"
)

// setupTimeout bounds the look for an administrator. It holds nothing up: requests are answered already.
const setupTimeout = 5 * time.Second

// logSetupLink logs the link by which the first administrator is made, while there is none. It is the one token that
// a log of ours shows: those who read the log are operators.
func (a *App) logSetupLink(run *Running) {
	base, ok := a.setupBase(run)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(a.ctx, setupTimeout)
	defer cancel()
	token, needed, err := run.Portal.SelfService.SetupLink(ctx)
	switch {
	case err != nil:
		run.Log.Error("cannot check whether there is an administrator", "error", err)
	case needed:
		run.Log.Info("there is no administrator yet: the first to open this link within an hour becomes one", "link",
			base+"/setup?token="+token)
	}
}

// setupBase returns where the pages are: the portal, or a gate that serves its own. ok is false where there are none.
func (a *App) setupBase(run *Running) (base string, ok bool) {
	if run.PortalBase != "" {
		return run.PortalBase, true
	}
	for i := range a.mounts {
		m := &a.mounts[i]
		ok = true
		for _, addr := range m.Location.Addresses {
			if !strings.HasPrefix(addr.Host, "*.") {
				return addr.String() + m.BasePath(), true
			}
		}
		base = m.BasePath() // of whatever host the operator uses
	}
	return base, ok
}
