package gatehouse_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	module    = "github.com/gatehouse-auth/gatehouse"
	caddyCore = "github.com/caddyserver/caddy/v2"
	caddyFile = caddyCore + "/caddyconfig/caddyfile"
	anyCaddy  = "github.com/caddyserver/..."
	libraries = "libraries" // packages outside the module and outside Caddy
	anything  = "anything"
	maxLines  = 450 // of a file that is no test
)

// row is a row of the import table. The first row that names a package holds for it. What is listed nowhere may not be
// imported; the standard library and the packages of the same row always may. Names of our own packages are below the module.
type row struct {
	name   string   // "store" is that package alone, "store/..." with all below it, "store/*" each folder with all below it
	may    []string // direct imports
	never  []string // not even by way of others
	reason string
}

var table = []row{
	{
		name:   ".",
		reason: "the root holds the rules of this file and no code",
	}, {
		name:   "rolepolicy/...",
		reason: "a verdict is a pure function: what decides who may pass can be read, tested and fuzzed without a server",
	}, {
		name:   "store",
		reason: "the records are everybody's vocabulary, and must not bring a driver or Caddy to packages that are free of them",
	}, {
		name:   "store/lease",
		may:    []string{"store"},
		never:  []string{anyCaddy},
		reason: "what keeps a store open across reloads knows neither the store's kind nor who reloads",
	}, {
		name:   "store/storetest",
		may:    []string{"store", libraries},
		never:  []string{anyCaddy, "store/*", "authportal/...", "rolepolicy/...", "caddymodule/..."},
		reason: "the suite judges every driver alike, also those of third parties, so it knows none of them",
	}, {
		name:   "store/cache",
		may:    []string{"store", libraries},
		never:  []string{anyCaddy, "store/*", "authportal/...", "rolepolicy/...", "caddymodule/..."},
		reason: "the cache wraps any session store, so it knows none of them",
	}, {
		name:   "store/feed",
		may:    []string{"store"},
		never:  []string{anyCaddy},
		reason: "what passes notices on serves every driver, also those of third parties, so it knows no connection and none of them",
	}, {
		name:   "store/relay",
		may:    []string{"store", "internal/loop", libraries},
		never:  []string{anyCaddy, "store/*", "authportal/...", "rolepolicy/...", "caddymodule/..."},
		reason: "the relay joins any users store with any session store, so it knows none of them",
	}, {
		name:   "internal/loop",
		never:  []string{anyCaddy, "store/..."},
		reason: "waiting and backing off are the same whatever a worker does, so it knows no worker",
	}, {
		name:   "store/*",
		may:    []string{"store", "store/feed", "store/lease", "internal/loop", caddyCore, caddyFile, libraries},
		never:  []string{"store/*", "authportal/...", "rolepolicy/...", "caddymodule/...", caddyCore + "/modules/caddyhttp"},
		reason: "a driver is a plugin: it uses the API that one of a third party would, and knows no HTTP and no other driver",
	}, {
		name:   "authportal/keyring",
		may:    []string{"store", libraries},
		never:  []string{anyCaddy, "store/*", "authportal", "authportal/...", "rolepolicy/...", "caddymodule/..."},
		reason: "what seals and signs knows nothing of who asks for it, so that a plugin of a third party may hold it too",
	}, {
		name:   "authportal/method",
		may:    []string{"store", "authportal/keyring"},
		never:  []string{anyCaddy, "store/*", "authportal", "authportal/...", "rolepolicy/...", "caddymodule/..."},
		reason: "the contract is all that a plugin compiles against: it is small, and brings in no page, no portal and no library",
	}, {
		name:   "authportal/method/methodtest",
		may:    []string{"authportal/method", "authportal/keyring", "store", libraries},
		never:  []string{anyCaddy, "store/*", "authportal", "authportal/...", "rolepolicy/...", "caddymodule/..."},
		reason: "the suite judges every method alike, also those of third parties, so it knows none of them",
	}, {
		name:   "authportal/method/*",
		may:    []string{"authportal/method", "authportal/keyring", "store", "store/lease", caddyCore, caddyFile, libraries},
		never:  []string{"authportal/...", "store/*", "rolepolicy/...", "caddymodule/...", caddyCore + "/modules/caddyhttp"},
		reason: "a method is a plugin: it proves who a person is, never routes to another method and keeps nothing by itself",
	}, {
		name:   "authportal/settings",
		never:  []string{anyCaddy, "authportal/...", "store/..."},
		reason: "the operator's choices are values that every package reads, so they bring nothing along",
	}, {
		name:   "authportal/problem",
		may:    []string{"authportal/method"},
		never:  portalNever("authportal", "authportal/web", "authportal/pages", "authportal/accounts", "authportal/signin"),
		reason: "every package of the portal answers with problems, so they bring only the errors of the contract along",
	}, {
		name:   "authportal/audit",
		may:    []string{"store", "internal/loop"},
		never:  portalNever("authportal", "authportal/..."),
		reason: "an event is recorded alike wherever it happened, so the recorder knows no account, request or page",
	}, {
		name:   "authportal/message",
		may:    []string{"store"},
		never:  portalNever("authportal", "authportal/..."),
		reason: "what a message is about is known without the page that asked for it and the server that delivers it",
	}, {
		name:   "authportal/userfile",
		may:    []string{"store", libraries},
		never:  portalNever("authportal", "authportal/..."),
		reason: "a file is read the same way for the command line, the API and a page",
	}, {
		name:   "authportal/mail",
		may:    []string{"store", "internal/loop", libraries},
		never:  portalNever("authportal", "authportal/..."),
		reason: "delivery knows an outbox and a server, and not why a message is sent",
	}, {
		name:   "authportal/webhook",
		may:    []string{"store", "internal/loop", libraries},
		never:  portalNever("authportal", "authportal/..."),
		reason: "delivery knows a queue and an endpoint, and not what an event means",
	}, {
		name:   "authportal/onetime",
		may:    []string{"authportal/keyring", "authportal/problem", "authportal/method", "store"},
		never:  portalNever("authportal", "authportal/..."),
		reason: "how a link is used up once is the same for whatever it is about",
	}, {
		name: "authportal/accounts",
		may: []string{
			"store", "internal/loop", "authportal/audit", "authportal/keyring", "authportal/message", "authportal/method",
			"authportal/onetime", "authportal/problem", "authportal/settings", "authportal/userfile", libraries,
		},
		never:  portalNever("authportal", "authportal/..."),
		reason: "the rules of accounts hold for pages, API, command line and import alike, so they know no request",
	}, {
		name:   "authportal/pages",
		may:    []string{libraries},
		never:  portalNever("authportal", "authportal/...", "store/..."),
		reason: "a template knows view data only: no record, and nothing to act on",
	}, {
		name: "authportal/web",
		may: []string{
			"store", "authportal/audit", "authportal/keyring", "authportal/method", "authportal/pages", "authportal/problem",
			"authportal/settings", libraries,
		},
		never:  portalNever("authportal", "authportal/..."),
		reason: "how a request is read and answered is the same for all handlers, so it knows none, and no rule of accounts",
	}, {
		name: "authportal/signin",
		may: []string{
			"store", "internal/loop", "authportal/accounts", "authportal/audit", "authportal/keyring", "authportal/message",
			"authportal/method", "authportal/onetime", "authportal/pages", "authportal/problem", "authportal/settings",
			"authportal/userfile", "authportal/web", libraries,
		},
		never:  portalNever("authportal", "authportal/..."),
		reason: "who signs in is settled without what people or administrators do afterwards, and without knowing any method",
	}, {
		name: "authportal/selfservice",
		may: []string{
			"store", "internal/loop", "authportal/accounts", "authportal/audit", "authportal/keyring", "authportal/mail",
			"authportal/message", "authportal/method", "authportal/onetime", "authportal/pages", "authportal/problem",
			"authportal/settings", "authportal/signin", "authportal/userfile", "authportal/web", libraries,
		},
		never:  portalNever("authportal", "authportal/..."),
		reason: "what people do for themselves cannot reach what only administrators may",
	}, {
		name: "authportal/admin",
		may: []string{
			"store", "internal/loop", "authportal/accounts", "authportal/audit", "authportal/keyring", "authportal/message",
			"authportal/method", "authportal/onetime", "authportal/pages", "authportal/problem", "authportal/settings",
			"authportal/signin", "authportal/userfile", "authportal/web", libraries,
		},
		never:  portalNever("authportal", "authportal/..."),
		reason: "administrators act on accounts by the rules of accounts, and not by the pages of their owners",
	}, {
		name: "authportal",
		may: []string{
			"store", "internal/loop", "authportal/accounts", "authportal/admin", "authportal/audit", "authportal/keyring",
			"authportal/mail", "authportal/message", "authportal/method", "authportal/onetime", "authportal/pages",
			"authportal/problem", "authportal/selfservice", "authportal/settings", "authportal/signin",
			"authportal/userfile", "authportal/web", "authportal/webhook", libraries,
		},
		never:  portalNever(),
		reason: "the portal is plain net/http: it is tested without Caddy, judges no path and runs on any store and any method",
	}, {
		name:   "caddymodule/site",
		may:    []string{anything},
		never:  []string{"caddymodule/*", "authportal/...", "store/...", "rolepolicy/...", "integration/...", "cmd/..."},
		reason: "where a handler is mounted is read from the routes alone, and asked before anything is opened",
	}, {
		name:   "caddymodule/metrics",
		may:    []string{anything},
		never:  []string{"caddymodule/*", "authportal/...", "store/*", "rolepolicy/...", "integration/...", "cmd/..."},
		reason: "collectors outlive every configuration, so they know none",
	}, {
		name:   "caddymodule/app",
		may:    []string{anything},
		never:  []string{"caddymodule/gate", "caddymodule/ops", "caddymodule/command", "integration/...", "cmd/..."},
		reason: "the app knows handlers by an interface, and does not know who asks about it",
	}, {
		name:   "caddymodule/gate",
		may:    []string{anything},
		never:  []string{"caddymodule/ops", "caddymodule/command", "integration/...", "cmd/..."},
		reason: "the path of a request is free of what operators do",
	}, {
		name:   "caddymodule/...",
		may:    []string{anything},
		never:  []string{"integration/...", "cmd/..."},
		reason: "the one place where the cores and Caddy meet; what tests need stays out of the product",
	}, {
		name:   "cmd/...",
		may:    []string{anything},
		never:  []string{"integration/..."},
		reason: "a binary holds what a plugin of Caddy would, and nothing that tests need",
	}, {
		name:   "integration/...",
		may:    []string{anything},
		reason: "tests may use everything",
	},
}

// portalNever is what no package of the portal may reach, and more.
func portalNever(more ...string) []string {
	return append([]string{anyCaddy, "authportal/method/*", "store/*", "rolepolicy/...", "caddymodule/..."}, more...)
}

// goPackage is what `go list -json` says of a package; imports of tests are not among them.
type goPackage struct {
	ImportPath    string
	Dir           string
	Imports, Deps []string
}

func TestPackagesImportOnlyWhatTheyMay(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, fault := range importFaults(p) {
			t.Error(fault)
		}
	}
}

// The table is only worth something if it catches what it forbids.
func TestImportTableCatchesViolations(t *testing.T) {
	for _, c := range []struct {
		pkg, imports string
		wantFault    bool
	}{
		{"rolepolicy", "net/netip", false},
		{"rolepolicy", "golang.org/x/net/idna", true},
		{"rolepolicy", module + "/store", true},
		{"store", "context", false},
		{"store", "github.com/redis/go-redis/v9", true},
		{"store", module + "/rolepolicy", true},
		{"store", caddyCore, true},
		{"store/lease", caddyCore, true},
		{"store/cache", module + "/store/redis", true},
		{"store/cache", "github.com/maypok86/otter/v2", false},
		{"store/storetest", module + "/store/sql", true},
		{"store/feed", module + "/store/redis", true},
		{"store/feed", "github.com/redis/go-redis/v9", true},
		{"store/feed", caddyCore, true},
		{"store/relay", module + "/internal/loop", false},
		{"store/relay", "golang.org/x/sync/errgroup", false},
		{"store/relay", module + "/store/sql", true},
		{"store/relay", caddyCore, true},
		{"internal/loop", "log/slog", false},
		{"internal/loop", module + "/store", true},
		{"internal/loop", "github.com/cenkalti/backoff/v5", true},
		{"store/redis", module + "/store/feed", false},
		{"store/redis", module + "/store/relay", true},
		{"store/redis", module + "/store", false},
		{"store/redis", module + "/store/lease", false},
		{"store/redis", caddyCore, false},
		{"store/redis", caddyFile, false},
		{"store/redis", caddyCore + "/modules/caddyhttp", true},
		{"store/redis", module + "/store/sql", true},
		{"store/redis", module + "/authportal", true},
		{"store/redis", module + "/caddymodule", true},
		{"store/sql", module + "/store/sql/migrations", false},
		{"authportal", module + "/authportal/pages", false},
		{"authportal", module + "/authportal/signin", false},
		{"authportal", module + "/authportal/webhook", false},
		{"authportal", module + "/store", false},
		{"authportal", module + "/internal/loop", false},
		{"authportal", module + "/store/relay", true},
		{"authportal", module + "/store/sql", true},
		{"authportal", module + "/rolepolicy", true},
		{"authportal", module + "/authportal/method/password", true},
		{"authportal", caddyCore, true},
		{"authportal/settings", "time", false},
		{"authportal/settings", module + "/store", true},
		{"authportal/settings", "golang.org/x/text/language", true},
		{"authportal/problem", "net/http", false},
		{"authportal/problem", module + "/authportal/method", false},
		{"authportal/problem", module + "/authportal/pages", true},
		{"authportal/problem", module + "/authportal/method/password", true},
		{"authportal/problem", module + "/store", true},
		{"authportal/audit", module + "/store", false},
		{"authportal/audit", module + "/internal/loop", false},
		{"authportal/audit", module + "/authportal/web", true},
		{"authportal/audit", module + "/authportal/accounts", true},
		{"authportal/message", module + "/store", false},
		{"authportal/message", module + "/authportal/mail", true},
		{"authportal/message", module + "/authportal/pages", true},
		{"authportal/onetime", module + "/authportal/keyring", false},
		{"authportal/onetime", module + "/authportal/accounts", true},
		{"authportal/onetime", module + "/authportal/web", true},
		{"authportal/userfile", module + "/store", false},
		{"authportal/userfile", module + "/authportal/accounts", true},
		{"authportal/mail", "github.com/wneessen/go-mail", false},
		{"authportal/mail", module + "/authportal/message", true},
		{"authportal/mail", caddyCore, true},
		{"authportal/webhook", "golang.org/x/sync/errgroup", false},
		{"authportal/webhook", module + "/authportal/audit", true},
		{"authportal/accounts", module + "/authportal/audit", false},
		{"authportal/accounts", module + "/authportal/userfile", false},
		{"authportal/accounts", module + "/authportal/web", true},
		{"authportal/accounts", module + "/authportal/pages", true},
		{"authportal/accounts", module + "/authportal/signin", true},
		{"authportal/accounts", module + "/authportal/method/password", true},
		{"authportal/accounts", caddyCore, true},
		{"authportal/pages", "github.com/nicksnyder/go-i18n/v2/i18n", false},
		{"authportal/pages", "github.com/caddyserver/certmagic", true},
		{"authportal/pages", module + "/store", true},
		{"authportal/pages", module + "/authportal/accounts", true},
		{"authportal/pages", module + "/authportal/problem", true},
		{"authportal/web", module + "/authportal/pages", false},
		{"authportal/web", module + "/authportal/audit", false},
		{"authportal/web", module + "/authportal/accounts", true},
		{"authportal/web", module + "/authportal/signin", true},
		{"authportal/web", caddyCore + "/modules/caddyhttp", true},
		{"authportal/signin", module + "/authportal/web", false},
		{"authportal/signin", module + "/authportal/accounts", false},
		{"authportal/signin", module + "/authportal/selfservice", true},
		{"authportal/signin", module + "/authportal/admin", true},
		{"authportal/signin", module + "/authportal", true},
		{"authportal/signin", module + "/authportal/method/password", true},
		{"authportal/signin", module + "/rolepolicy", true},
		{"authportal/signin", caddyCore, true},
		{"authportal/selfservice", module + "/authportal/signin", false},
		{"authportal/selfservice", module + "/authportal/admin", true},
		{"authportal/selfservice", module + "/store/redis", true},
		{"authportal/selfservice", caddyCore, true},
		{"authportal/admin", module + "/authportal/signin", false},
		{"authportal/admin", module + "/authportal/selfservice", true},
		{"authportal/admin", module + "/caddymodule", true},
		{"authportal/admin", caddyCore, true},
		{"authportal/keyring", module + "/store", false},
		{"authportal/keyring", "github.com/go-jose/go-jose/v4", false},
		{"authportal/keyring", module + "/authportal", true},
		{"authportal/keyring", module + "/authportal/method", true},
		{"authportal/method", module + "/store", false},
		{"authportal/method", module + "/authportal/keyring", false},
		{"authportal/method", "github.com/go-jose/go-jose/v4", true},
		{"authportal/method", module + "/authportal", true},
		{"authportal/method", module + "/authportal/pages", true},
		{"authportal/method", caddyFile, true},
		{"authportal/method/methodtest", module + "/authportal/method", false},
		{"authportal/method/methodtest", module + "/authportal", true},
		{"authportal/method/methodtest", module + "/authportal/method/password", true},
		{"authportal/method/password", module + "/authportal/method", false},
		{"authportal/method/password", module + "/authportal/keyring", false},
		{"authportal/method/password", module + "/authportal", true},
		{"authportal/method/password", module + "/authportal/pages", true},
		{"authportal/method/password", module + "/authportal/web", true},
		{"authportal/method/password", module + "/authportal/method/methodtest", true},
		{"authportal/method/password", caddyCore, false},
		{"authportal/method/password", caddyCore + "/modules/caddyhttp", true},
		{"authportal/method/password", caddyCore + "/caddyconfig/httpcaddyfile", true},
		{"authportal/method/password", module + "/authportal/method/totp", true},
		{"authportal/method/password", module + "/store/sql", true},
		{"caddymodule/site", module + "/caddymodule/app", true},
		{"caddymodule/site", caddyCore + "/modules/caddyhttp", false},
		{"caddymodule/metrics", module + "/store", false},
		{"caddymodule/metrics", module + "/caddymodule/app", true},
		{"caddymodule/app", module + "/caddymodule/site", false},
		{"caddymodule/app", module + "/caddymodule/gate", true},
		{"caddymodule/gate", module + "/caddymodule/app", false},
		{"caddymodule/gate", module + "/caddymodule/ops", true},
		{"caddymodule", module + "/rolepolicy", false},
		{"caddymodule", caddyCore + "/modules/caddyhttp", false},
		{"caddymodule", module + "/integration/servers", true},
		{"cmd/caddy", module + "/caddymodule", false},
		{"integration/bench", module + "/caddymodule", false},
		// packages without a row
		{"corridor", "context", true},
		{"authportal/corridor", "context", true},
	} {
		got := importFaults(goPackage{ImportPath: module + "/" + c.pkg, Imports: []string{c.imports}, Deps: []string{c.imports}})
		if (len(got) > 0) != c.wantFault {
			t.Errorf("%s importing %s: faults %q, want any: %t", c.pkg, c.imports, got, c.wantFault)
		}
	}
	// what comes in by way of something that is allowed itself
	for _, c := range []struct{ pkg, imports, brings string }{
		{"authportal", "example.com/x", caddyCore},
		{"authportal/web", module + "/authportal/audit", module + "/authportal/accounts"},
		{"authportal/admin", module + "/authportal/signin", module + "/authportal/selfservice"},
		{"authportal/pages", "example.com/x", module + "/store"},
	} {
		got := importFaults(goPackage{
			ImportPath: module + "/" + c.pkg, Imports: []string{c.imports}, Deps: []string{c.imports, c.brings},
		})
		if len(got) != 1 {
			t.Errorf("%s reaching %s by way of %s: faults %q", c.pkg, c.brings, c.imports, got)
		}
	}
}

// importFaults says in words what a package imports and may not.
func importFaults(p goPackage) []string {
	name := ownName(p.ImportPath)
	r, home := rowOf(name)
	if r == nil {
		return []string{p.ImportPath + " has no row in the import table: give it one, with a reason"}
	}
	own := func(imported string) bool {
		other, otherHome := rowOf(ownName(imported))
		return other == r && otherHome == home
	}
	var faults []string
	for _, imported := range p.Imports {
		if !isStandard(imported) && !own(imported) && !r.allows(imported) {
			faults = append(faults, fmt.Sprintf("%s imports %s: %s", p.ImportPath, imported, r.reason))
		}
	}
	for _, dep := range p.Deps {
		if !slices.Contains(p.Imports, dep) && !own(dep) && r.forbids(dep) {
			faults = append(faults, fmt.Sprintf("%s reaches %s by way of others: %s", p.ImportPath, dep, r.reason))
		}
	}
	return faults
}

// rowOf finds the row of a package, and the folder whose packages share that row with it.
func rowOf(name string) (r *row, home string) {
	i := slices.IndexFunc(table, func(r row) bool { return matches(r.name, name) })
	if i < 0 {
		return nil, ""
	}
	home = strings.TrimSuffix(table[i].name, "/...")
	if base, isEach := strings.CutSuffix(home, "/*"); isEach {
		folder, _, _ := strings.Cut(strings.TrimPrefix(name, base+"/"), "/")
		home = base + "/" + folder
	}
	return &table[i], home
}

func (r *row) allows(imported string) bool {
	return !r.forbids(imported) && slices.ContainsFunc(r.may, func(pattern string) bool {
		switch pattern {
		case anything:
			return true
		case libraries:
			return !matches(anyCaddy, imported) && !matches(module+"/...", imported)
		}
		return matches(pattern, ownName(imported))
	})
}

// forbids leaves out what the row allows by name: "store/*" keeps a driver from the other drivers, not from the lease.
func (r *row) forbids(imported string) bool {
	name := ownName(imported)
	return !slices.Contains(r.may, name) &&
		slices.ContainsFunc(r.never, func(pattern string) bool { return matches(pattern, name) })
}

// ownName is the path below the module, "." for the root, and the import path as it is for packages of others.
func ownName(importPath string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}

func matches(pattern, name string) bool {
	if base, found := strings.CutSuffix(pattern, "/..."); found {
		return name == base || strings.HasPrefix(name, base+"/")
	}
	if base, found := strings.CutSuffix(pattern, "/*"); found {
		return strings.HasPrefix(name, base+"/")
	}
	return name == pattern
}

// isStandard knows the standard library by its first element, which has no dot.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	all, err := allPackages()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// allPackages asks the go command once for all tests.
var allPackages = sync.OnceValues(func() (all []goPackage, err error) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Imports,Deps", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, &stderr)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

var saysNever = regexp.MustCompile(`\b(never|nothing|no|neither)\b`)

// The comment in doc.go says what a package owns, and what it never does.
func TestPackagesSayWhatTheyOwn(t *testing.T) {
	for _, p := range listPackages(t) {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, "doc.go"), nil, parser.ParseComments)
		if err != nil {
			t.Errorf("%s: %v", p.ImportPath, err)
			continue
		}
		doc := strings.Join(strings.Fields(file.Doc.Text()), " ")
		start := "Package " + file.Name.Name + " "
		if file.Name.Name == "main" {
			start = "Command " + path.Base(p.ImportPath) + " "
		}
		if !strings.HasPrefix(doc, start) {
			t.Errorf("%s: the comment in doc.go does not begin with %q", p.ImportPath, start)
		}
		if !saysNever.MatchString(doc) {
			t.Errorf("%s: the comment in doc.go does not say what the package never does", p.ImportPath)
		}
	}
}

// How long a file may be, and that tests do not sleep. Linters know both rules (revive, forbidigo), but forbidigo cannot leave
// out files that use testing/synctest, and golangci-lint, which brings them, would have to be compiled in every fresh clone.
// gofmt and staticcheck have stages of their own in integration/run.sh.
func TestFilesKeepTheRules(t *testing.T) {
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, fault := range fileFaults(name, source) {
			t.Error(fault)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFileRulesCatchViolations(t *testing.T) {
	sleep := "package p\n\nimport %s\"time\"\n\nfunc f() { %s.Sleep(time.Second) }\n"
	for _, c := range []struct {
		name, source string
		wantFault    bool
	}{
		{"a_test.go", fmt.Sprintf(sleep, "", "time"), true},
		{"a_test.go", "package p\n\nimport clock \"time\"\n\nvar f = clock.Sleep\n", true},
		{"a_test.go", "package p\n\n// time.Sleep is not ours\nvar s = \"time.Sleep(1)\"\n", false},
		{"a_test.go", "package p\n\nimport (\n\t\"testing/synctest\"\n\t\"time\"\n)\n\nvar f, g = time.Sleep, synctest.Wait\n", false},
		{"a_test.go", "package p\n\nfunc f(other clock) { other.Sleep(1) }\n", false},
		{"a.go", fmt.Sprintf(sleep, "", "time"), false},
		{"a.go", "package p\n" + strings.Repeat("\n// x", maxLines-2) + "\n", false},
		{"a.go", "package p\n" + strings.Repeat("\n// x", maxLines) + "\n", true},
		{"a_test.go", "package p\n" + strings.Repeat("\n// x", maxLines) + "\n", false},
	} {
		if got := fileFaults(c.name, []byte(c.source)); (len(got) > 0) != c.wantFault {
			t.Errorf("%s %.60q: faults %q, want any: %t", c.name, c.source, got, c.wantFault)
		}
	}
}

// fileFaults says in words which rule a file breaks.
func fileFaults(name string, source []byte) []string {
	var faults []string
	if lines := bytes.Count(source, []byte("\n")); lines > maxLines && !strings.HasSuffix(name, "_test.go") {
		faults = append(faults, fmt.Sprintf("%s has %d lines: split it by topic", name, lines))
	}
	if strings.HasSuffix(name, "_test.go") {
		for _, line := range sleeps(name, source) {
			faults = append(faults, fmt.Sprintf("%s:%d sleeps: a test moves its clock, or waits for what it waits for", name, line))
		}
	}
	return faults
}

// sleeps finds where a file names time.Sleep. In a bubble of testing/synctest that moves a clock which nobody waits for, so
// files that use one are left out.
func sleeps(name string, source []byte) (lines []int) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, 0)
	if err != nil {
		return nil // gofmt and the compiler say so
	}
	clock := ""
	for _, spec := range file.Imports {
		switch spec.Path.Value {
		case `"testing/synctest"`:
			return nil
		case `"time"`:
			clock = "time"
			if spec.Name != nil {
				clock = spec.Name.Name
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Sleep" {
			if x, ok := s.X.(*ast.Ident); ok && clock != "" && x.Name == clock {
				lines = append(lines, files.Position(s.Pos()).Line)
			}
		}
		return true
	})
	return lines
}
