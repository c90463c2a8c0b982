// Package emaillink owns the link and the code that a letter brings to whoever signs in by e-mail: how they are made, and
// what they are good for. It writes and sends no letter, counts no guesses and signs nobody in: that is the portal's.
//
// # What opens the door
//
// The browser that asks keeps a random secret, its half, in the sealed cookie of its sign-in. The letter brings a code of six
// digits, and a link that holds the same code, sealed. A ticket lies in the session store under
//
//	SHA-256(SHA-256(half), account, code)
//
// so that link and code are one thing in two forms: whichever comes first takes the ticket, and both are used up. Neither is
// worth anything in another browser, which lacks the half, and what the store and the outbox hold opens nothing: they have the
// hash of the half only. A wrong code finds no ticket and uses none up; how many may be tried is counted by the portal.
package emaillink
