// Package password owns the password as a way of signing in: what a password may look like, how it is hashed and
// compared, the bounded pool in which that happens, and the sign-in method `password` itself. It never chooses who may
// sign in, counts no guesses and ends no session: that is the portal's task. It never keeps, logs or returns a
// password.
//
// # How a password is kept
//
// A password is prepared first (see prepare), so that the same typed characters are the same bytes on every device, and
// then hashed into a string that says how:
//
//	$gatehouse-bcrypt$v=1$<salt>$2a$12$<salt and sum>      bcrypt, the default
//	$argon2id$v=19$m=65536,t=3,p=1$<salt>$<sum>            argon2id, as RFC 9106 and the PHC string format have it
//	$2b$12$<salt and sum>                                  of other software: accepted, replaced at the next sign-in
//
// Other forms of other software (argon2i, scrypt, PBKDF2, sha512-crypt; see parseForeign) are accepted and replaced
// likewise.
//
// bcrypt reads 72 bytes at most, and many implementations stop at the first NUL. Ours is therefore given neither: it
// gets the base64 of HMAC-SHA-384(salt, label || password), which is 64 characters without NUL, so that every byte of a
// password counts. The salt in the HMAC is random for every hash and the label belongs to Gatehouse alone. With a bare
// SHA-2 inside, an attacker with fast hashes of the same passwords from another breach could try those hashes as they
// are, with no need to crack them ("password shucking"); no other system has ever computed our inner value.
//
// # What counts as easily guessed
//
// tables.txt lists words, walks along keyboards and readings of digits as letters. It is the only source for the rules
// in common.go and for the strength meter of the pages: go generate writes the tables of both.
package password
