// Command summary runs `go test -json`, shows what failed and what was skipped with its output, and adds the counts to a
// file. It judges nothing but the events of go test, and it starts nothing else: integration/run.sh decides what is run.
package main
