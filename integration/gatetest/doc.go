// Package gatetest tells the stories of the gate: a Caddy in the test's own process with real listeners, a real
// reverse_proxy, and an upstream that keeps every byte it was sent. It judges by what the upstream and the browser saw, and
// owns nothing that a product needs.
package gatetest
