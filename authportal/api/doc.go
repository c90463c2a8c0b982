// Package api owns the form of the JSON API: bounded bodies read strictly, problem responses of RFC 9457 with stable
// codes, and who may call from another origin. The actions themselves are authportal's, shared with the HTML forms: it
// never decides anything about an account or a session.
package api
