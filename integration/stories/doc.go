// Package stories holds the tests that tell what people and operators see of a whole gateway: real Caddy processes, real
// stores, outages, reloads and browsers. It owns no code that a product needs.
package stories
