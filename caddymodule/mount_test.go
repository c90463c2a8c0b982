package caddymodule

import (
	"strings"
	"testing"
)

// TestAPortalIsFoundWhereverItIsMounted holds the address that people are sent to.
func TestAPortalIsFoundWhereverItIsMounted(t *testing.T) {
	for name, row := range map[string]struct{ block, sites, want string }{
		"none":                     {"", "app.example.com {\n\tgate\n}\n", ""},
		"elsewhere":                {"portal https://auth.example.com", "app.example.com {\n\tgate\n}\n", "https://auth.example.com"},
		"a site of its own":        {"", "auth.example.com {\n\tportal\n}\n", "https://auth.example.com"},
		"a folder":                 {"", "auth.example.com {\n\tportal /auth/*\n}\n", "https://auth.example.com/auth"},
		"another port":             {"", "auth.example.com:8443 {\n\tportal\n}\n", "https://auth.example.com:8443"},
		"plain http":               {"", "http://localhost:8080 {\n\tportal\n}\n", "http://localhost:8080"},
		"http and https":           {"", "http://auth.example.com, https://auth.example.com {\n\tportal\n}\n", "https://auth.example.com"},
		"a handle block":           {"", "auth.example.com {\n\thandle /sso/* {\n\t\tportal /sso/*\n\t}\n\trespond ok\n}\n", "https://auth.example.com/sso"},
		"a handle_path":            {"", "auth.example.com {\n\thandle_path /sso/* {\n\t\tportal\n\t}\n}\n", "https://auth.example.com/sso"},
		"beside handle_path":       {"", "auth.example.com {\n\thandle_path /sso/* {\n\t\trespond no\n\t}\n\thandle {\n\t\tportal\n\t}\n}\n", "https://auth.example.com"},
		"a host matcher":           {"", "*.example.com {\n\ttls internal\n\t@auth host auth.example.com\n\thandle @auth {\n\t\tportal\n\t}\n}\n", "https://auth.example.com"},
		"a named route":            {"", "&(pages) {\n\tportal\n}\nauth.example.com {\n\tinvoke pages\n}\n", "https://auth.example.com"},
		"several names, one named": {"portal https://b.example.com", "a.example.com, b.example.com {\n\tportal\n}\n", "https://b.example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			_, run, err := prepared(t, t.TempDir(), globals(row.block)+row.sites)
			if err != nil {
				t.Fatal(err)
			}
			if run.PortalBase != row.want {
				t.Errorf("people are sent to %q, want %q", run.PortalBase, row.want)
			}
		})
	}
}

// TestAGateKnowsItsHosts wherever it is mounted.
func TestAGateKnowsItsHosts(t *testing.T) {
	for name, row := range map[string]struct{ sites, want string }{
		"a site":               {"app.example.com {\n\tgate\n}\n", "https://app.example.com"},
		"two names":            {"b.example.com, a.example.com {\n\tgate\n}\n", "https://a.example.com https://b.example.com"},
		"no name":              {"http://:8080 {\n\tgate\n}\n", ""},
		"named by itself":      {"http://:8080 {\n\tgate {\n\t\thosts app.example.com\n\t}\n}\n", "http://app.example.com:8080"},
		"inside a handle_path": {"app.example.com {\n\thandle_path /pub/* {\n\t\tgate\n\t}\n}\n", "https://app.example.com"},
		"a second gate that the first one serves": {"app.example.com {\n\troute {\n\t\tgate\n\t\thandle /api/* {\n\t\t\tgate role:api\n\t\t}\n\t}\n}\n",
			"https://app.example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			app, _, err := prepared(t, t.TempDir(), globals("")+row.sites)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range app.Mounts()[0].Location.Addresses {
				got = append(got, a.String())
			}
			if strings.Join(got, " ") != row.want {
				t.Errorf("mounted at %v, want %q", got, row.want)
			}
		})
	}
}
