// Package gatehouse is the root of the module: it owns the rules of architecture, which its tests hold every package to,
// and it never holds code that runs.
package gatehouse
