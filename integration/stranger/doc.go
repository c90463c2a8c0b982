// Package stranger is a plugin that somebody else could have written: three authentication methods in a module of its
// own. It uses the contract and nothing else of the source.
package stranger
