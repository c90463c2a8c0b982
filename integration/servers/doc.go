// Package servers gives tests the real servers they need: Redis in every shape that Gatehouse supports, PostgreSQL,
// Chromium and the built Caddy. Some are shared by all packages and found through the environment (integration/run.sh
// starts them), others are private to one test, which may stop, kill and pause them. It never uses a server that it did
// not start itself or that the environment does not name, and no package of the product imports it outside of tests.
package servers
