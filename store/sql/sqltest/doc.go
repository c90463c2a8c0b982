// Package sqltest opens users stores for the tests of other packages, and closes them when a test ends. It never holds a test
// of the stores themselves, and never runs in a gateway.
package sqltest
