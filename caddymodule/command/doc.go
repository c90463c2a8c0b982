// Package command is the command line `caddy gatehouse`. It owns its words, flags and printed tables. It never opens a
// store by itself: it calls the operations of package ops, over the admin endpoint or in its own process.
package command
