package caddymodule

import (
	"strings"
	"testing"
)

func TestACellThatASpreadsheetWouldRunIsTextAndComesBack(t *testing.T) {
	for _, s := range []string{"", "Ann", "=1+1", "+49 30 1", "-x", "@a", "\tx", "'", "''", "'=x", "it's"} {
		cell := writeCell(s)
		if cell != "" && strings.ContainsRune(formulaStarts, rune(cell[0])) {
			t.Errorf("%q is written as %q", s, cell)
		}
		if got := readCell(cell); got != s {
			t.Errorf("%q comes back as %q", s, got)
		}
	}
}

func TestRowsOfAFileKeepTheirLines(t *testing.T) {
	rows, err := readImportCSV(strings.NewReader("\ufeffEmail,Roles,enabled,team\n\"a@example.com\",\"x, y\",false,\"two\nlines\"\nb@example.com,,,\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].at != 2 || rows[1].at != 4 || len(rows[0].Roles) != 2 || *rows[0].Enabled || rows[1].Enabled != nil ||
		rows[0].Attributes["team"] != "two\nlines" || rows[1].Attributes != nil {
		t.Errorf("%+v", rows)
	}
	for _, bad := range []string{"", "name\nAnn\n", "email,enabled\na@example.com,perhaps\n", "email\n\"a\n"} {
		if _, err := readImportCSV(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func TestALargeFileIsSentInBatches(t *testing.T) {
	rows := make([]numberedRow, 120)
	for i := range rows {
		rows[i].Name = strings.Repeat("x", 2000)
	}
	n, err := batchOf(rows)
	if err != nil || n < 20 || n*2000 > importBytes {
		t.Errorf("%d rows, %v", n, err)
	}
	rows[0].Name = strings.Repeat("x", importBytes)
	if _, err := batchOf(rows); err == nil {
		t.Error("a row that no request can hold is sent")
	}
}
