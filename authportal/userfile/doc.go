// Package userfile owns the form of accounts in files, CSV and JSON: what the columns are called, how the rows of a
// file are read one after another without trusting it, and how accounts are written so that no spreadsheet runs what
// people typed. It never decides what becomes of a row, and knows no store: the command line, the API and the page of
// administrators share it.
package userfile
