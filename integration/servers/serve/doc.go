// Command serve starts the servers that the tests of all packages share, prints how to reach them, and stops them when it
// is told to. It owns no server itself (package servers does) and runs no test: integration/run.sh calls it.
package main
