// Command gentables writes the tables of easily guessed words, walks along keyboards and readings of digits as letters:
// from tables.txt, in Go for the rules of new passwords and in JavaScript for the strength meter of the pages, so that
// both know the same. Run it with go generate in the folder of package password. It is never a part of the gateway.
package main
