// Command caddy is Caddy with its standard modules and Gatehouse: the binary that tests and continuous integration use. It owns
// the list of modules and never holds behaviour of its own.
package main
