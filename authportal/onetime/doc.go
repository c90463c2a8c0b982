// Package onetime owns links that work once: their tokens, and how one is used up. It never decides what a link is good for,
// whose account may have one, or what a page says about it.
package onetime
