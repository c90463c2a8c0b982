// Package pages owns what people see: templates, styles, scripts and sentences of every page, and the safety headers of
// every page. It decides nothing and stores nothing.
package pages
