// Package settings owns what an operator chose for accounts and sign-in, and the documented default of each choice. It never
// reads a configuration, and acts on nothing.
package settings
