package userfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

// all reads a file to its end or to the fault that ends it.
func all(in string, f Format) (rows []Row, faults []*Fault) {
	r := NewReader(strings.NewReader(in), f)
	for {
		row, err := r.Next()
		var fault *Fault
		switch {
		case errors.Is(err, io.EOF):
			return rows, faults
		case errors.As(err, &fault):
			faults = append(faults, fault)
			if fault.Whole {
				return rows, faults
			}
		case err != nil:
			return rows, append(faults, &Fault{Text: "not a fault: " + err.Error(), Whole: true})
		default:
			rows = append(rows, row)
		}
	}
}

func TestAFormulaIsWrittenAsTextAndComesBack(t *testing.T) {
	for _, s := range []string{"", "Ann", "=1+1", "+49 30 1", "-x", "@a", "\tx", "\rx", "\nx", "＝1", "＠x", "'", "''", "'=x", "it's", "\xff"} {
		cell := WriteCell(s)
		if isFormula(cell) {
			t.Errorf("%q is written as %q", s, cell)
		}
		if got := readCell(cell); got != s {
			t.Errorf("%q comes back as %q", s, got)
		}
	}
}

func TestRowsOfATableKeepTheirLines(t *testing.T) {
	rows, faults := all("\ufeff\"Email\",Roles,enabled,team,attributes.name,'-x,ID,,\r\n\"a@example.com\",\"x, y\",false,\"two\nlines\",Annie,1,7,,\r\n,,,,,,,,\n\nb@example.com,,,,,,,,\n", CSV)
	if len(faults) > 0 || len(rows) != 2 {
		t.Fatalf("%+v, %v", rows, faults)
	}
	a, b := rows[0], rows[1]
	if a.Line != 2 || b.Line != 6 || !reflect.DeepEqual(a.Roles, []string{"x", "y"}) || *a.Enabled || b.Enabled != nil || a.Name != "" ||
		!reflect.DeepEqual(a.Attributes, map[string]any{"team": "two\nlines", "name": "Annie", "-x": "1"}) || b.Attributes != nil {
		t.Errorf("%+v", rows)
	}
}

func TestATableOfASpreadsheetWithSemicolonsOrTabsIsRead(t *testing.T) {
	for _, comma := range []string{";", "\t"} {
		rows, faults := all(strings.ReplaceAll("Name|Email|roles\n\"Ann; née\tB\"|ann@example.com|\"a,b\"\n", "|", comma), CSV)
		if len(faults) > 0 || len(rows) != 1 || rows[0].Email != "ann@example.com" || rows[0].Name != "Ann; née\tB" || len(rows[0].Roles) != 2 {
			t.Errorf("%q: %+v, %v", comma, rows, faults)
		}
	}
}

func TestAnUnreadableFileIsAnErrorWithTheCure(t *testing.T) {
	big := strings.Repeat("x", MaxRow)
	for _, c := range []struct {
		f        Format
		in, want string
	}{
		{CSV, "", "reading the first line"},
		{CSV, "\ufeff", "reading the first line"},
		{CSV, "name\nAnn\n", "names no column `email`"},
		{CSV, "email,name, Name\n", "names the column `name` twice"},
		{CSV, "email,a\x00\n", "not UTF-8"},
		{CSV, "\xff\xfee\x00m\x00", "UTF-16"},
		{CSV, "email," + strings.Repeat("c,", 300) + "\n", "names 302 columns"},
		{CSV, "email" + strings.Repeat(",", 1_000_000) + "\n", "the first line is too long"},
		{CSV, strings.Repeat("email", 100_000), "the first line is too long"},
		{CSV, "email\na@example.com\n\"" + big + big + big + big + "\n", "row 3: is longer"},
		{CSV, "email\n\"a\n", `row 2: line 2`},
		{CSV, "email,name\na@example.com,A \"B\" C\n", "row 2: line 2"},
		{JSON, "", "ends in the middle"},
		{JSON, "nonsense", "no JSON"},
		{JSON, "null", "must hold a list"},
		{JSON, `{}`, "must hold a list"},
		{JSON, `{"users":{}}`, "must hold a list"},
		{JSON, `[{"email":"a"}`, "row 1: the file ends"},
		{JSON, `[{"email":"a"}] []`, "something follows"},
		{JSON, `{"users":[],"users":[]}`, "`users` twice"},
		{JSON, strings.Repeat("[", 100_000), "row 1: "},
		{JSON, `[{"email":"` + big + big + big + big + `"}]`, "row 1: is longer"},
	} {
		_, faults := all(c.in, c.f)
		if len(faults) != 1 || !faults[0].Whole || faults[0].Reason == "" || !strings.Contains(faults[0].Error(), c.want) {
			t.Errorf("%.60q: %v, want %q", c.in, faults, c.want)
		}
	}
}

func TestAFaultOfARowStopsNoOther(t *testing.T) {
	big := strings.Repeat("x", MaxRow)
	for _, c := range []struct {
		f        Format
		in, want string
	}{
		{CSV, "email,enabled\nbad,perhaps\ngood,\n", "row 2: enabled: is neither true nor false"},
		{CSV, "email,name\nbad\ngood,\n", "row 2: has 1 cells where the first line names 2"},
		{CSV, "email,name\nbad,b,c\ngood,\n", "row 2: has 3 cells"},
		{CSV, "email,name\nbad,\xff\ngood,\n", "row 2: name: is not UTF-8"},
		{CSV, "email,name\nbad," + big + "\ngood,\n", "row 2: is longer"},
		{CSV, "email,x,attributes.x\nbad,1,2\ngood,,\n", "row 2: attributes.x: is there twice"},
		{JSON, `[{"emial":"bad"},{"email":"good"}]`, `row 1: unknown field "emial"`},
		{JSON, `[{"email":7},{"email":"good"}]`, "row 1: email: is of the wrong type"},
		{JSON, `[{"email":"bad","EMail":"x"},{"email":"good"}]`, "row 1: holds a name twice"},
		{JSON, `[{"email":"bad","u` + "ſ" + `ername":"x","username":"y"},{"email":"good"}]`, "row 1: holds a name twice"},
		{JSON, `[{"email":"bad","attributes":{"a":[[1]]}},{"email":"good"}]`, "row 1: is nested too deep"},
		{JSON, "[{\"email\":\"b\xff\"},{\"email\":\"good\"}]", "row 1: is not UTF-8"},
		{JSON, `[null,{"email":"good"}]`, "row 1: is no JSON object"},
		{JSON, `[{"email":"` + big + `"},{"email":"good"}]`, "row 1: is longer"},
	} {
		rows, faults := all(c.in, c.f)
		if len(faults) != 1 || faults[0].Whole || !strings.HasPrefix(faults[0].Error(), c.want) || len(rows) != 1 || rows[0].Email != "good" {
			t.Errorf("%.60q: %v, rows %+v, want %q", c.in, faults, rows, c.want)
		}
	}
}

func TestListsAndObjectsWithAListAreRead(t *testing.T) {
	for _, in := range []string{
		`[{"email":"a@example.com","attributes":{"n":1,"l":["x"]}}]`,
		"\ufeff[\r\n{\"email\":\"a@example.com\",\"attributes\":{\"n\":1,\"l\":[\"x\"]},\"id\":\"x\",\"created\":\"y\",\"last_sign_in\":null,\"has_password\":true,\"effective_roles\":[],\"state\":\"invited\",\"version\":3,\"invited\":\"y\",\"password_change_required\":true}\r\n]\r\n",
		`{"total":{"deep":[1]},"users":[{"email":"a@example.com","attributes":{"n":1,"l":["x"]}}],"next":"x"}`,
	} {
		rows, faults := all(in, JSON)
		if len(faults) > 0 || len(rows) != 1 || rows[0].Line != 1 || rows[0].Email != "a@example.com" ||
			!reflect.DeepEqual(rows[0].Attributes, map[string]any{"n": 1.0, "l": []any{"x"}}) {
			t.Errorf("%q: %+v, %v", in, rows, faults)
		}
	}
	for _, in := range []string{`[]`, `{"users":[]}`} {
		if rows, faults := all(in, JSON); len(rows)+len(faults) > 0 {
			t.Errorf("%q: %v %v", in, rows, faults)
		}
	}
}

func sample() []Account {
	day := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	return []Account{
		{ID: "a", Username: "ann", Email: "ann@example.com", Confirmed: true, Name: "=cmd()", Roles: []string{"editor", "writer"}, Enabled: true, Created: day,
			Attributes: map[string]any{"password": "not one", "name": "x", "-n": -5.0, "team": "a\nb"}, LastSignIn: day},
		{ID: "b", Username: "bob", Email: "bob@example.com", Approved: true, Created: day, Roles: []string{}, Attributes: map[string]any{}},
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	for _, f := range []Format{CSV, JSON} {
		var b bytes.Buffer
		w := NewWriter(&b, f, []string{"-n", "name", "password", "team"})
		accounts := sample()
		for i := range accounts {
			if err := w.Write(&accounts[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		rows, faults := all(b.String(), f)
		if len(faults) > 0 || len(rows) != 2 {
			t.Fatalf("%s: %v in %s", f, faults, b.String())
		}
		for i, row := range rows {
			a := accounts[i]
			if row.Email != a.Email || row.Username != a.Username || row.Name != a.Name || *row.Enabled != a.Enabled || *row.Confirmed != a.Confirmed ||
				*row.Approved != a.Approved || row.Password != "" || row.Hash != "" || len(row.Roles) != len(a.Roles) || len(row.Attributes) != len(a.Attributes) {
				t.Errorf("%s: %+v comes back as %+v", f, a, row)
			}
			for name, value := range a.Attributes {
				if fmt.Sprint(row.Attributes[name]) != fmt.Sprint(value) {
					t.Errorf("%s: %s comes back as %v", f, name, row.Attributes[name])
				}
			}
		}
		if f == CSV {
			if cells, err := csv.NewReader(&b).ReadAll(); err != nil || cells[1][4] != "'=cmd()" || cells[1][10] != "'-5" {
				t.Errorf("%q, %v", cells, err)
			}
		}
	}
}

func TestNothingIsWrittenAsAnEmptyFile(t *testing.T) {
	for _, f := range []Format{CSV, JSON} {
		var b bytes.Buffer
		if err := NewWriter(&b, f, nil).Close(); err != nil {
			t.Fatal(err)
		}
		if rows, faults := all(b.String(), f); len(rows)+len(faults) > 0 || b.Len() == 0 {
			t.Errorf("%s: %q, %v", f, b.String(), faults)
		}
	}
}

func TestTheFormatIsThatOfTheName(t *testing.T) {
	for name, want := range map[string]Format{"people.csv": CSV, "PEOPLE.JSON": JSON, "a.csv.json": JSON, "csv": "", "a.xlsx": "", "": "", "a.": ""} {
		if f, ok := FormatOf(name); f != want || ok != (want != "") {
			t.Errorf("%q: %q %v", name, f, ok)
		}
	}
}

// FuzzReader holds what the importer relies on, whatever a file is: it ends, rows are text in order, and no row that is
// written comes back otherwise.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{"email,name\na@example.com,'=x\n", "\ufeff\"email\";roles\r\na;\"b,c\"\r\n", "email\n\"a\n", "email,x,x\n", "email\n\x00\n",
		"email,a,a\n,,\n", "email\xff\n", "email\n" + strings.Repeat("x", 100), strings.Repeat(",", 300) + "\n", "email,enabled\ra,true\r",
		`[{"email":"a","attributes":{"x":[1,true,null]}},{"email":"b","email":"c"}]`, `{"users":[{}],"users":[]}`, `[[[[[[[[]]]]]]]]`, `[{"a":1e999}]`, `1e700`, `{"a":1e700,"users":[]}`, `[]1e700`, "[{}", "[]]",
		"\xff\xfe[\x00"} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, in []byte, isJSON bool) {
		format := CSV
		if isJSON {
			format = JSON
		}
		r := NewReader(bytes.NewReader(in), format)
		last := 0
		for n := 0; ; n++ {
			row, err := r.Next()
			var fault *Fault
			if errors.As(err, &fault) {
				if fault.Text == "" {
					t.Error("a fault says nothing")
				}
				if !fault.Whole {
					continue
				}
				if _, again := r.Next(); again != err {
					t.Errorf("behind %v: %v", err, again)
				}
				return
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Errorf("ends with %v", err)
				}
				return
			}
			if row.Line <= last || n > len(in) {
				t.Fatalf("row %d after %d", row.Line, last)
			}
			last = row.Line
			for _, s := range append([]string{row.Email, row.Username, row.Name, row.Password, row.Hash}, row.Roles...) {
				if strings.ToValidUTF8(s, "") != s {
					t.Errorf("%q is no text", s)
				}
				if cell := WriteCell(s); isFormula(cell) || readCell(cell) != s {
					t.Errorf("%q is written as %q", s, cell)
				}
			}
		}
	})
}
