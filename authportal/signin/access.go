package signin

import (
	"context"
	"net/netip"

	"github.com/gatehouse-auth/gatehouse/store"
)

// AccessRefused records that somebody was not let in where they asked to be; see [Emitter.AccessRefused].
func (s *callers) AccessRefused(ctx context.Context, active *store.ActiveSession, reason string, addr netip.Addr, host string) {
	s.events.AccessRefused(ctx, active, reason, addr, host)
}
