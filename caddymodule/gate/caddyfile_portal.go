package gate

import (
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
)

func init() {
	httpcaddyfile.RegisterDirective("portal", parsePortal)
}

// parsePortal reads the directive `portal`. Syntax:
//
//	portal [<path>/*]
//
// The path is an argument, not a matcher: the portal must know its own path in order to write links.
func parsePortal(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	if !h.Next() {
		return nil, h.ArgErr()
	}
	p := &Portal{Source: site.SourceOf(h.Dispenser)}
	switch args := h.RemainingArgs(); {
	case len(args) > 1:
		return nil, h.Err("portal takes one folder at most, such as `portal /auth/*`")
	case len(args) == 1 && args[0] != "/*" && args[0] != "*":
		folder, ok := strings.CutSuffix(args[0], "/*")
		if !ok || !strings.HasPrefix(folder, "/") {
			return nil, h.Errf("portal %s: write the folder with a star, such as `portal /auth/*`", args[0])
		}
		if err := checkPortalPath(folder); err != nil {
			return nil, h.WrapErr(err)
		}
		p.Path = folder
	}
	if h.NextBlock(h.Nesting()) {
		return nil, h.Errf("portal takes no block: settings of the pages belong to the global block `gatehouse`")
	}
	return h.NewRoute(nil, p), nil
}
