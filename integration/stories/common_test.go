package stories

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/integration/gateway"
	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

func TestMain(m *testing.M) {
	code := m.Run()
	gateway.StopSharedChromium()
	os.Exit(code)
}

// plain is a Caddyfile with one gated site on plain http, which signing in accepts on this machine only.
func plain(global, site, gate string, upstream *gateway.Upstream) string {
	return fmt.Sprintf(`{
	admin ADMIN
	auto_https off
	gatehouse {
		%s
	}
}

%s {
	gate {
		%s
	}
	reverse_proxy %s
}
`, global, site, gate, upstream.Address)
}

// newSite returns an address on this machine that nobody else uses.
func newSite(t testing.TB) string { return fmt.Sprintf("http://localhost:%d", servers.FreePort(t)) }

// quick is the cheapest hash that the settings allow: none of the stories is about what a guess costs.
const quick = "password {\n\t\t\thash argon2id memory 7MiB time 5\n\t\t}"

// shared is a global block of gateways that work together.
func shared(users, sessions string) string {
	return strings.Join([]string{"users " + users, "sessions " + sessions, "secret a-secret-of-this-test-that-is-long-enough", "signup open", quick}, "\n\t\t")
}

const publicAndEdit = `public /open/*
		optional /maybe
		allow role:editor /edit/*
		allow user`
