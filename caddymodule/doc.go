// Package caddymodule is Gatehouse inside Caddy: importing it builds in the app and its global block (app), the site
// directives `gate` and `portal` (gate), the admin endpoint (ops), the command line (command) and the built-in
// plugins. It owns the list of them and the tests of whole configurations. It never holds code of its own.
package caddymodule
