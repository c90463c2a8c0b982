package gate

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/gatehouse-auth/gatehouse/caddymodule/site"
	"github.com/gatehouse-auth/gatehouse/store"
)

// check finds what JSON can say wrong; what a Caddyfile says wrong was reported before, with file and line.
func (g *Gate) check() error {
	for _, preset := range g.Headers {
		if err := checkPreset(preset); err != nil {
			return err
		}
	}
	if slices.Contains(g.Headers, "none") && len(g.Headers) > 1 {
		return errors.New("headers none goes with no other")
	}
	if err := checkEncoding(string(g.Encode)); err != nil {
		return err
	}
	if err := checkSeparator(g.Separator); err != nil {
		return err
	}
	for _, h := range g.Extra {
		if err := checkExtraHeader(h.Name, h.Value); err != nil {
			return err
		}
	}
	if g.JWT != "" {
		if err := checkHeaderName(g.JWT); err != nil {
			return err
		}
	}
	if err := g.checkNames(); err != nil {
		return err
	}
	for _, origin := range g.CORS {
		if err := checkOrigin(origin); err != nil {
			return err
		}
	}
	if g.LoginPage != "" {
		if err := checkLoginPage(g.LoginPage); err != nil {
			return err
		}
	}
	_, err := g.compile(nil)
	return err
}

// checkNames refuses two values for one name, under any spelling that an upstream may take for the same.
func (g *Gate) checkNames() error {
	seen := make(map[string]bool)
	for _, h := range g.Extra {
		if name := foldName(h.Name); seen[name] {
			return fmt.Errorf("header %s appears twice in this gate: keep one", h.Name)
		} else {
			seen[name] = true
		}
	}
	if g.JWT != "" && seen[foldName(g.JWT)] {
		return fmt.Errorf("jwt %s: a `header` line writes the same header: give one of them another name", g.JWT)
	}
	chosen := g.Headers
	if len(chosen) == 0 {
		chosen = []string{defaultPreset}
	}
	for _, preset := range chosen {
		for _, h := range presets[preset] {
			if g.JWT != "" && foldName(g.JWT) == foldName(h.name) {
				return fmt.Errorf("jwt %s: `headers %s` writes the same header: give the token another name", g.JWT, preset)
			}
		}
	}
	return nil
}

// parsePrefixes reads addresses and networks; a single address is a network of one.
func parsePrefixes(texts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range texts {
		if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
			addr = addr.Unmap()
			out = append(out, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("from %s: write an address or a network such as 10.0.0.0/8", text)
		}
		out = append(out, prefix.Masked())
	}
	return out, nil
}

func checkPreset(name string) error {
	if _, ok := presets[name]; !ok {
		return fmt.Errorf("unknown headers %q: use remote, webauth, x_forwarded, x_auth_request or none", name)
	}
	return nil
}

func checkEncoding(name string) error {
	if !slices.Contains([]string{"", "utf8", "percent", "mime"}, name) {
		return fmt.Errorf("unknown encoding %q: use utf8, percent or mime", name)
	}
	return nil
}

func checkSeparator(s string) error {
	// role names never hold one of these, so that no value can pose as two
	if len(s) != 1 || !strings.Contains(",;| ", s) {
		return fmt.Errorf("separator %q: use one of , ; | or a space, which role names never hold", s)
	}
	return nil
}

// checkHeaderName refuses names by which a gate would break the request itself.
func checkHeaderName(name string) error {
	if !httpguts.ValidHeaderFieldName(name) {
		return fmt.Errorf("%q is no header name: write letters, digits and hyphens, such as X-Plan", name)
	}
	if protectedHeaders.has(name) || newNameSet("Connection", "Transfer-Encoding", "Upgrade", "TE", "Trailer", "Accept",
		"User-Agent", "Cookie2", "Proxy-Authorization", "Keep-Alive", "Set-Cookie").has(name) {
		return fmt.Errorf("header %s has a meaning of its own in HTTP: choose another name, such as X-%s", name, name)
	}
	return nil
}

// userPlaceholder finds placeholders of ours in a value.
var userPlaceholder = regexp.MustCompile(`\{(http\.auth\.user\.[^{}]*)\}`)

// checkExtraHeader checks a `header` line. A slip in a placeholder of ours would leave the header empty for everyone.
func checkExtraHeader(name, value string) error {
	if err := checkHeaderName(name); err != nil {
		return err
	}
	if value == "" {
		return fmt.Errorf("header %s has no value: write one, such as {http.auth.user.attributes.plan}, or leave the line "+
			"out", name)
	}
	anonymous := &identity{live: new(store.ActiveSession)}
	for _, found := range userPlaceholder.FindAllStringSubmatch(value, -1) {
		if _, known := anonymous.placeholder(found[1]); !known || found[1] == "http.auth.user.attributes." {
			return fmt.Errorf("header %s: there is no placeholder {%s}: use {http.auth.user.id}, .username, .email, .name, "+
				".roles, .attributes.<name>, .session or .methods", name, found[1])
		}
	}
	return nil
}

func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" ||
		origin != u.Scheme+"://"+strings.ToLower(u.Host) || strings.ContainsAny(origin, "*{}") || !isASCII(origin) ||
		withoutDefaultPort(u.Host, u.Scheme == "https") != u.Host {
		return fmt.Errorf("cors %s: write an origin as browsers send it, such as https://spa.example.com: in lower case, "+
			"ASCII (xn--…), without a path, and without the port where it is the scheme's own", origin)
	}
	return nil
}

func checkLoginPage(path string) error {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "*?#%;\\{}") ||
		strings.HasPrefix(path, reservedFolder+"/") {
		return fmt.Errorf("login_page %s: write the path of a page of this app, such as /welcome", path)
	}
	return nil
}

func checkMethod(method string) error {
	if !httpguts.ValidHeaderFieldName(method) || strings.ToUpper(method) != method {
		return fmt.Errorf("method %s: write an HTTP method in capital letters, such as POST", method)
	}
	return nil
}

func checkHost(host string) error {
	if host == "" || site.Hostname(host) != host || strings.ContainsAny(host, "/*{}@ ") || !isASCII(host) {
		return fmt.Errorf("hosts %s: write a host name in lower case and ASCII (xn--…), without scheme, port or star", host)
	}
	return nil
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 0x7e || r <= ' ' }) < 0
}
