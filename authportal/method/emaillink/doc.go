// Package emaillink owns the link and the code of a sign-in by email: how they are made, and what they are good for. It
// never writes or sends a message, counts attempts or creates a session: that is the portal's task.
//
// # What opens the door
//
// The browser keeps a random secret, its half, in the sealed cookie of its sign-in. The message has a code of six
// digits, and a link that contains the same code, sealed. The session store holds a ticket under
//
//	SHA-256(SHA-256(half), account, code)
//
// so that link and code are two forms of one secret: the first one used takes the ticket, and both are used up. Neither
// works in another browser, which lacks the half. A leak of the session store or the outbox grants nothing, because
// they only have the hash of the half. A wrong code finds no ticket and uses none up; the portal counts the attempts.
package emaillink
