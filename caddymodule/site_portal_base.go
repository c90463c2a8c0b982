package caddymodule

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// portalBase returns the address of the pages; empty where each gate serves its own. configured is the one that the global
// block at source names, if any.
func portalBase(list []stand, configured, source string) (string, error) {
	var portals []*stand
	for i := range list {
		if list[i].word == "portal" {
			portals = append(portals, &list[i])
		}
	}
	if len(portals) == 0 {
		return configured, nil
	}
	if configured != "" {
		return configured, namesPortal(portals, configured, source)
	}
	var names []string
	best := portals[0]
	for _, p := range portals {
		if len(p.place.Hosts) == 0 {
			return "", p.errorf("has no host: give its site an address with a name, or write `portal https://auth.example.com` in the global block")
		}
		names = append(names, p.place.Hosts...)
		if p.pathBase() != best.pathBase() {
			return "", p.errorf("is the second one, the first is at %s: keep one, or name the one that signs people in with "+
				"`portal https://auth.example.com` in the global block", best.source)
		}
		if len(p.place.Addresses) > 0 && len(best.place.Addresses) > 0 && p.place.Addresses[0].better(best.place.Addresses[0]) < 0 {
			best = p
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > 1 || strings.HasPrefix(names[0], "*.") {
		return "", best.errorf("has several names (%s): write which one signs people in, as `portal https://%s` in the global block",
			strings.Join(names, ", "), strings.Replace(names[0], "*", "auth", 1))
	}
	if len(best.place.Addresses) == 0 {
		return "", best.errorf("has no address that a browser could reach: write `portal https://%s` in the global block", names[0])
	}
	return best.place.Addresses[0].String() + best.pathBase(), nil
}

// namesPortal checks that the address in the global block is one of a portal that stands here.
func namesPortal(portals []*stand, configured, source string) error {
	u, err := url.Parse(configured)
	if err != nil {
		return err
	}
	for _, p := range portals {
		if len(p.place.Hosts) > 0 && !slices.ContainsFunc(p.place.Hosts, func(site string) bool { return covers(site, u.Hostname()) }) {
			continue
		}
		if p.pathBase() == u.Path {
			return nil
		}
	}
	return fmt.Errorf("%sportal %s in the global block is not the address of the portal at %s (%s): make them agree",
		at(source), configured, portals[0].source, strings.Join(portals[0].place.Hosts, ", ")+portals[0].pathBase())
}
