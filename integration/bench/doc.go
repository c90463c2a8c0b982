// Command bench measures what a gate costs: it runs one Caddy with a gated proxy, a bare `reverse_proxy` that sets the same
// six headers to constants (the control), a second such one (the null control) and a header-less one, loads them in turn,
// round by round, and prints ratios with their 95 % intervals. It owns the measuring and never judges: no test fails on a figure.
package main
