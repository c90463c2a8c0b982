// Package method owns the contract of an authentication method: what a method is given, the steps that it answers
// with, and its abilities. It never talks to a browser and makes no session: the portal does, from what a method says.
package method
