// Package pages owns the pages and emails that users see: templates, styles, scripts and translations, and the security
// headers of pages. It decides nothing and stores nothing.
package pages
