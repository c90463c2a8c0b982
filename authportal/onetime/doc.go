// Package onetime owns one-time links: their tokens, and how a token is spent. It never decides what a link is for,
// which account may have one, or what a page shows about it.
package onetime
