// Package web owns one HTTP request to the portal: its route, its input, the response as a page or as JSON, cookies,
// origins and security headers. It never looks up an account and never decides who is signed in.
package web
