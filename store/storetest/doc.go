// Package storetest holds the conformance suites that every driver of package store passes, built-in ones and those
// of third parties alike. It owns the meaning of the interfaces where a sentence in package store leaves doubt; it never
// knows a driver, and it never sleeps to let time pass: clocks are moved by hand.
package storetest
