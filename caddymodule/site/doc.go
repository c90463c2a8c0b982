// Package site finds where gates and portals are mounted in the routes of Caddy's http app: under which hosts and
// addresses, behind which prefixes. It owns the checks that a mount makes sense. It never changes a route and never
// answers a request.
package site
