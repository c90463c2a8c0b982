// Package keyring owns everything that derives from `secret`: the keys that seal and open, the signing key and its
// public key set, and the fingerprint in the users store. It never stores or shows a key.
package keyring
