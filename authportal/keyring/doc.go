// Package keyring owns everything that derives from `secret`: keys that seal and open, the key that signs, their
// public set and the fingerprint that the users store knows. It never stores or shows a key.
package keyring
