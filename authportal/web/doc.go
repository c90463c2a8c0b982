// Package web owns one HTTP request to the portal: its route, its fields, the answer as a page or as JSON, cookies, origins
// and safety headers. It never looks up an account and never decides who is signed in.
package web
