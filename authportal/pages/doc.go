// Package pages owns what people see: templates, styles, scripts and sentences of every page, and the safety headers that
// go with them. It decides nothing and stores nothing.
package pages
