// Package api owns the manners of the JSON face: bounded bodies read strictly, problem answers of RFC 9457 with stable
// codes, and who may call from another origin. The actions themselves are authportal's, shared with the HTML forms: it
// never decides anything about an account or a session.
package api
