// Package metrics holds the Prometheus collectors of the process. It owns their names and labels. It never labels by
// user, address, host or path.
package metrics
