// Package settings owns the operator's settings for accounts and sign-in, and the documented default of each. It never
// reads a configuration file and never acts on a setting.
package settings
