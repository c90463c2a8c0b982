package web

import (
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
)

// Emit adds the address, host and method of the call to e, and emits it.
func (c *Call) Emit(e audit.Event) {
	if c.Visit.Addr.IsValid() {
		e.Address = c.Visit.Addr.Unmap().String()
	}
	e.Host = c.Visit.Host
	if e.Method == "" && c.Caller != nil {
		e.Method = audit.TokenMethod(c.Caller.Live)
	}
	c.srv.events.Emit(c.Request.Context(), e)
}
