package signin

import (
	"context"
	"net/netip"

	"github.com/gatehouse-auth/gatehouse/store"
)

// AccessRefused records that a request was denied by the rules; see [audit.Emitter.AccessRefused].
func (s *callers) AccessRefused(
	ctx context.Context, active *store.ActiveSession, reason string, addr netip.Addr, host string,
) {
	s.events.AccessRefused(ctx, active, reason, addr, host)
}
