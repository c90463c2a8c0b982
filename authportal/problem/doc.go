// Package problem owns how a failed request is reported: the problem document of RFC 9457, its stable codes and the
// headers that go with them. It never decides when a request fails, and knows no accounts, sessions or pages.
package problem
