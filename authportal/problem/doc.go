// Package problem owns how an outcome that is not the one hoped for is told: the problem document of RFC 9457, its stable
// codes and the headers that go with them. It never decides when one is due, and knows no account, no session and no page.
package problem
