package gate

import (
	"fmt"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/caddymodule/app"
	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
	"github.com/gatehouse-auth/gatehouse/rolepolicy"
)

func init() { caddy.RegisterModule(new(Gate)) }

// Gate is the handler http.handlers.gatehouse: it lets in those whom its rules permit, passes their identity to the
// handlers behind it, and removes what poses as one. Its zero value demands that everyone is signed in.
type Gate struct {
	// Requests that do not match are treated as public: not judged, but still freed of identity headers and cookies of
	// ours.
	MatcherSetsRaw caddyhttp.RawMatcherSets `json:"match,omitempty" caddy:"namespace=http.matchers"`

	// The rules; the first that matches decides. Default: a single `allow user`.
	Rules []GateRule `json:"rules,omitempty"`

	// The header families that carry the identity: remote, webauth, x_forwarded, x_auth_request, none. Default: remote.
	Headers []string `json:"headers,omitempty"`

	// What separates two roles in one header. Default: a comma.
	Separator string `json:"separator,omitempty"`

	// How values that are not ASCII are written: utf8, percent (RFC 3986) or mime (RFC 2047). Default: utf8.
	Encode HeaderEncoding `json:"encode,omitempty"`

	// Further headers, whose values may hold placeholders such as {http.auth.user.attributes.plan}.
	Extra []ExtraHeader `json:"extra_headers,omitempty"`

	// The header that carries a signed identity (a JWT). Default: none.
	JWT string `json:"jwt,omitempty"`

	// The path of this app's own login page. Default: the portal's.
	LoginPage string `json:"login_page,omitempty"`

	// Accepts Basic with an API token as the password. Default: false; Bearer tokens always work.
	Basic bool `json:"basic,omitempty"`

	// Origins whose preflights, fetches and WebSockets may come with our cookie, such as "https://spa.example.com".
	CORS []string `json:"cors,omitempty"`

	// The site's host names, where the site address names none.
	Hosts []string `json:"hosts,omitempty"`

	// Where the directive is, as file:line; for messages only.
	Source string `json:"source,omitempty"`

	app        *app.App
	matchers   caddyhttp.MatcherSets
	identities *identityWriter
	policy     *rolepolicy.Policy // set by Mount
	site       *web.Site          // set by Mount
	prefixes   []string           // what handlers above cut off the address; set by Mount
	memoOwner  uint64             // whose memos are this gate's; set by Mount

	usesClientAddr bool // some rule has `from`
	outageLog      logLimiter
}

// GateRule is one line of a gate block.
type GateRule struct {
	// "deny", "allow", "optional" or "public".
	Kind string `json:"kind"`

	// Who may enter, any of these: "user", "role:a&role:b", "user:ann", "domain:example.com". For allow only.
	Who []string `json:"who,omitempty"`

	// "/x" exactly, "/x/*" the folder and all below, "*" one whole segment. Default: every path.
	Paths []string `json:"paths,omitempty"`

	// Conditions: the rule is passed over where the request has another method or comes from another address.
	Methods []string `json:"methods,omitempty"`
	From    []string `json:"from,omitempty"`

	// Demands: a second factor, and a sign-in at most this long ago.
	MFA   bool           `json:"mfa,omitempty"`
	Fresh caddy.Duration `json:"fresh,omitempty"`

	// Where the rule is, as file:line; for messages only.
	Source string `json:"source,omitempty"`
}

// ExtraHeader is one further header for the upstream.
type ExtraHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// CaddyModule returns the module's identity.
func (*Gate) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.gatehouse", New: func() caddy.Module { return new(Gate) }}
}

// Provision wires the gate to its app.
func (g *Gate) Provision(ctx caddy.Context) error {
	loaded, err := ctx.App("gatehouse")
	if err != nil {
		return fmt.Errorf("%sloading the gatehouse app: %w", site.At(g.Source), err)
	}
	g.app = loaded.(*app.App)
	if g.MatcherSetsRaw != nil {
		mods, err := ctx.LoadModule(g, "MatcherSetsRaw")
		if err != nil {
			return fmt.Errorf("%sloading matchers: %w", site.At(g.Source), err)
		}
		if err := g.matchers.FromInterface(mods); err != nil {
			return err
		}
	}
	if len(g.Headers) == 0 {
		g.Headers = []string{defaultPreset}
	}
	if g.Separator == "" {
		g.Separator = ","
	}
	if err := g.check(); err != nil {
		return fmt.Errorf("%s%w", site.At(g.Source), err)
	}
	g.identities = newIdentityWriter(g.Headers, g.Separator, g.Encode, g.Extra, g.JWT)
	g.app.Register(g)
	return nil
}

// compile turns the rules into a policy. Without roles it only checks them.
func (g *Gate) compile(roles *rolepolicy.Roles) (*rolepolicy.Policy, error) {
	rules := make([]rolepolicy.Rule, 0, len(g.Rules)+1)
	if g.LoginPage != "" {
		// the app's own login page must be seen by those who are not signed in yet
		rules = append(rules, rolepolicy.Rule{Kind: rolepolicy.Public, Paths: []string{g.LoginPage},
			Methods: []string{"GET", "HEAD"}, Source: g.Source})
	}
	if len(g.Rules) == 0 {
		rules = append(rules, rolepolicy.Rule{Kind: rolepolicy.Allow, Who: []string{"user"}, Source: g.Source})
	}
	for _, r := range g.Rules {
		rule, err := r.rule()
		if err != nil {
			return nil, fmt.Errorf("%s%w", site.At(r.Source), err)
		}
		rules = append(rules, rule)
	}
	if roles == nil {
		var err error
		if roles, err = rolepolicy.NewRoles(nil); err != nil {
			return nil, err
		}
	}
	return rolepolicy.Compile(rules, roles)
}

func (r GateRule) rule() (rolepolicy.Rule, error) {
	kinds := map[string]rolepolicy.Kind{"deny": rolepolicy.Deny, "allow": rolepolicy.Allow,
		"optional": rolepolicy.Optional, "public": rolepolicy.Public}
	kind, ok := kinds[r.Kind]
	if !ok {
		return rolepolicy.Rule{}, fmt.Errorf("unknown kind of rule %q: use public, optional, allow or deny", r.Kind)
	}
	from, err := parsePrefixes(r.From)
	if err != nil {
		return rolepolicy.Rule{}, err
	}
	return rolepolicy.Rule{Kind: kind, Who: r.Who, Paths: r.Paths, Methods: r.Methods, From: from, MFA: r.MFA,
		Fresh: time.Duration(r.Fresh), Source: r.Source}, nil
}

// Directive returns the word and its place in the Caddyfile (site.Handler).
func (g *Gate) Directive() (string, string) { return "gate", g.Source }
func (g *Gate) LoginPath() string           { return reservedFolder + "/login" }
func (g *Gate) NamedHosts() []string        { return g.Hosts }

// Mount learns where the gate is mounted, and compiles its rules with the roles of the configuration.
func (g *Gate) Mount(loc site.Location, run *app.Running) error {
	policy, err := g.compile(run.Roles)
	if err != nil {
		return err
	}
	g.policy = policy
	for _, warning := range policy.Warnings() {
		run.Log.Warn("a rule of this gate never decides", "rule", warning)
	}
	g.prefixes = loc.StrippedPrefixes
	g.usesClientAddr = slices.ContainsFunc(g.Rules, func(r GateRule) bool { return len(r.From) > 0 })
	g.memoOwner = run.Sessions.NewOwner()
	g.site = &web.Site{Base: reservedFolder, LoginPage: g.LoginPage, Origins: g.CORS, Basic: g.Basic,
		JWT: g.JWT != ""}
	g.site.Addresses = loc.Origins()
	g.site.Hosted, g.site.PortalBase = run.PortalBase == "", run.PortalBase
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Gate)(nil)
	_ caddyhttp.MiddlewareHandler = (*Gate)(nil)
	_ site.Handler                = (*Gate)(nil)
)
