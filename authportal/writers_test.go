package authportal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// writes are the methods of a users store that change accounts or credentials.
var writes = []string{"CreateUser", "UpdateUser", "DeleteUser", "SignedIn", "PutCredential", "SwapCredential",
	"DeleteCredential"}

// writesOf returns the lines of a file that change accounts in a users store, by its name.
func writesOf(t *testing.T, name string, src any) (lines []int) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || !slices.Contains(writes, sel.Sel.Name) {
			return true
		}
		of := ""
		switch x := sel.X.(type) {
		case *ast.Ident:
			of = x.Name
		case *ast.SelectorExpr:
			of = x.Sel.Name
		}
		if strings.HasSuffix(strings.ToLower(of), "users") {
			lines = append(lines, set.Position(sel.Pos()).Line)
		}
		return true
	})
	return lines
}

// mayWrite reports whether a file may write accounts and credentials. Methods update their own credentials: a hash at
// sign-in, a counter.
func mayWrite(path string) bool {
	dir, name := filepath.Split(filepath.ToSlash(path))
	switch {
	case strings.HasPrefix(dir, "accounts/"), strings.HasPrefix(dir, "method"):
		return true
	case dir != "":
		return false
	}
	return strings.HasPrefix(name, "accounts") || slices.Contains([]string{"columns_sweep.go", "recovery.go"}, name)
}

// The rules of accounts only hold if no other code writes past them.
func TestOnlyAccountsWriteAccounts(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path,
			"_test.go") || mayWrite(path) {
			return err
		}
		for _, line := range writesOf(t, path, nil) {
			t.Errorf("%s:%d changes accounts past the rules of accounts", path, line)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for src, want := range map[string]int{
		"c.p.users.PutCredential(ctx, k)":      1,
		"users.DeleteUser(ctx, id)":            1,
		"put := s.Users.SwapCredential":        1,
		"c.p.accounts.SignedIn(ctx, id)":       0,
		"u, err := p.users.User(ctx, id)":      0,
		"err := p.users.PutSetting(ctx, a, b)": 0,
	} {
		if got := writesOf(t, "x.go", "package x\nfunc f() { "+src+" }"); len(got) != want {
			t.Errorf("%s: %d found", src, len(got))
		}
	}
}
