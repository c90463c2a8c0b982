package userfile

import (
	"strings"
	"unicode/utf8"
)

// formulaStarts begin what a spreadsheet takes for a formula, and runs (CWE-1236). The last four are what Japanese and
// Chinese keyboards type for the first.
const formulaStarts = "=+-@\t\r\n＝＋－＠"

// WriteCell makes text of what could be a formula, and readCell reverses that.
func WriteCell(s string) string {
	if isFormula(s) || strings.HasPrefix(s, "'") {
		return "'" + s
	}
	return s
}

func readCell(s string) string {
	if rest, quoted := strings.CutPrefix(s, "'"); quoted && (isFormula(rest) || strings.HasPrefix(rest, "'")) {
		return rest
	}
	return s
}

func isFormula(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return s != "" && strings.ContainsRune(formulaStarts, first)
}
