// Package method owns the contract of authentication methods: the input of a method, the steps that it returns, and its
// abilities. It never talks to a browser and creates no session: the portal does, as the steps say.
package method
