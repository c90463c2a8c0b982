package authportal

import (
	"context"
	"net/netip"

	"github.com/gatehouse-auth/gatehouse/store"
)

// emit completes e with what the call knows, logs it and tells the host.
func (c *call) emit(e Event) {
	if c.v.Addr.IsValid() {
		e.Address = c.v.Addr.Unmap().String()
	}
	e.Host = c.v.Host
	if e.Method == "" && c.me != nil {
		e.Method = TokenMethod(c.me.live)
	}
	c.p.events.Emit(c.r.Context(), e)
}

// AccessRefused records that somebody was not let in where they asked to be; see [Emitter.AccessRefused].
func (p *Portal) AccessRefused(ctx context.Context, live *store.Live, reason string, addr netip.Addr, host string) {
	p.events.AccessRefused(ctx, live, reason, addr, host)
}
