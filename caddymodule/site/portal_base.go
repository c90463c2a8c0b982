package site

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// PortalBase returns the address of the pages; empty where each gate serves its own. configured is the one that the
// global block at source names, if any.
func PortalBase(list []Mount, configured, source string) (string, error) {
	var portals []*Mount
	for i := range list {
		if list[i].Word == "portal" {
			portals = append(portals, &list[i])
		}
	}
	if len(portals) == 0 {
		return configured, nil
	}
	if configured != "" {
		return configured, checkNamedPortal(portals, configured, source)
	}
	var names []string
	best := portals[0]
	for _, p := range portals {
		if len(p.Location.Hosts) == 0 {
			return "", p.Errorf("has no host: give its site an address with a name, or write `portal " +
				"https://auth.example.com` in the global block")
		}
		names = append(names, p.Location.Hosts...)
		if p.BasePath() != best.BasePath() {
			return "", p.Errorf("is the second one, the first is at %s: keep one, or name the one that signs people in with "+
				"`portal https://auth.example.com` in the global block", best.Source)
		}
		if len(p.Location.Addresses) > 0 && len(best.Location.Addresses) > 0 &&
			p.Location.Addresses[0].compare(best.Location.Addresses[0]) < 0 {
			best = p
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > 1 || strings.HasPrefix(names[0], "*.") {
		return "", best.Errorf("has several names (%s): write which one signs people in, as `portal https://%s` in the "+
			"global block", strings.Join(names, ", "), strings.Replace(names[0], "*", "auth", 1))
	}
	if len(best.Location.Addresses) == 0 {
		return "", best.Errorf("has no address that a browser could reach: write `portal https://%s` in the global block",
			names[0])
	}
	return best.Location.Addresses[0].String() + best.BasePath(), nil
}

// checkNamedPortal checks that the address in the global block is one of a portal of this configuration.
func checkNamedPortal(portals []*Mount, configured, source string) error {
	u, err := url.Parse(configured)
	if err != nil {
		return err
	}
	for _, p := range portals {
		if len(p.Location.Hosts) > 0 && !slices.ContainsFunc(p.Location.Hosts,
			func(site string) bool { return covers(site, u.Hostname()) }) {
			continue
		}
		if p.BasePath() == u.Path {
			return nil
		}
	}
	return fmt.Errorf("%sportal %s in the global block is not the address of the portal at %s (%s): make them agree",
		At(source), configured, portals[0].Source, strings.Join(portals[0].Location.Hosts, ", ")+portals[0].BasePath())
}
