package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The checked-in tables are those of the source: nobody edited one and forgot the other.
func TestGeneratingChangesNothing(t *testing.T) {
	read := func(file string) []byte {
		t.Helper()
		b, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	tables, err := parse(string(read(sourceFile)))
	if err != nil {
		t.Fatal(err)
	}
	inGo, err := tables.inGo()
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][]byte{goFile: inGo, jsFile: tables.inJS()} {
		if !bytes.Equal(read(file), want) {
			t.Errorf("%s is not what %s says: run go generate ./authportal/method/password", file, sourceFile)
		}
	}
}

func TestABrokenSourceIsRefused(t *testing.T) {
	const rest = "\n[walks]\nabc\n[readings]\n1i"
	if _, err := parse("# a comment\n[words]\npassword" + rest); err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]string{
		"upper case":         "[words]\nPassword" + rest,
		"regular expression": "[words]\npass.*" + rest,
		"no section":         "password\n[words]\nsecret" + rest,
		"unknown section":    "[word]\npassword" + rest,
		"no walks":           "[words]\npassword\n[readings]\n1i",
		"long reading":       "[words]\npassword" + rest + " 12i",
	} {
		if _, err := parse(source); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
