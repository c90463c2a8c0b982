package gatehouse_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	maxMethods = 40 // of a type
	maxFiles   = 40 // of a package, without tests
)

// mayHaveMethods are the types that have more methods than others may, and how many at most. A number
// shrinks with its type and goes with the last reason for it; none grows.
var mayHaveMethods = map[string]int{
	// One type implements all interfaces of a store, so that one connection, one clock and one Close serve them.
	"store/sql.Store":   72,
	"store/redis.Store": 66,

	"authportal/pages.View": 68, // what templates call, each a line
	"caddymodule/app.App":   47, // half of them are the interfaces by which Caddy and handlers know it
}

// A type that everything is a method of has no walls inside: whatever it holds can be reached from all of them.
func TestTypesStaySmall(t *testing.T) {
	methods := map[string]int{}
	for _, p := range listPackages(t) {
		for _, name := range goFiles(t, p.Dir) {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			countMethods(methods, ownName(p.ImportPath), file)
		}
	}
	for _, fault := range methodFaults(methods, mayHaveMethods) {
		t.Error(fault)
	}
}

func TestPackagesStaySmall(t *testing.T) {
	for _, p := range listPackages(t) {
		if fault := filesFault(ownName(p.ImportPath), len(goFiles(t, p.Dir))); fault != "" {
			t.Error(fault)
		}
	}
}

func TestSizeRulesCatchViolations(t *testing.T) {
	source := "package p\n\ntype (\n\tA struct{}\n\tB[T any] struct{}\n)\n\nfunc (A) a() {}\n\nfunc (a *A) b() {}\n\n" +
		"func (*B[T]) a() {}\n\nfunc c() {}\n"
	file, err := parser.ParseFile(token.NewFileSet(), "a.go", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	countMethods(got, "p", file)
	if want := map[string]int{"p.A": 2, "p.B": 1}; !maps.Equal(got, want) {
		t.Errorf("methods %v, want %v", got, want)
	}
	for _, c := range []struct {
		methods, may int // may 0: no exception
		wantFault    bool
	}{
		{maxMethods, 0, false},
		{maxMethods + 1, 0, true},
		{maxMethods + 1, maxMethods + 1, false},
		{maxMethods + 2, maxMethods + 1, true},
		{maxMethods, maxMethods + 1, true}, // an exception that nothing needs any more
		{0, maxMethods + 1, true},
	} {
		methods, may := map[string]int{}, map[string]int{}
		if c.methods > 0 {
			methods["p.A"] = c.methods
		}
		if c.may > 0 {
			may["p.A"] = c.may
		}
		if got := methodFaults(methods, may); (len(got) > 0) != c.wantFault {
			t.Errorf("%d methods, %d allowed: faults %q, want any: %t", c.methods, c.may, got, c.wantFault)
		}
	}
	if filesFault("p", maxFiles) != "" || filesFault("p", maxFiles+1) == "" {
		t.Errorf("the limit of files is not %d", maxFiles)
	}
}

// goFiles are those of a folder that are no tests, whatever system they are built for.
func goFiles(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
}

// countMethods adds the methods of a file to those of their types: "store/sql.Store".
func countMethods(methods map[string]int, pkg string, file *ast.File) {
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil {
			methods[pkg+"."+receiver(f.Recv.List[0].Type)]++
		}
	}
}

// receiver names the type of a receiver: T, *T, T[K] or *T[K, V].
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.ParenExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	}
	return fmt.Sprintf("%T", e)
}

func methodFaults(methods, may map[string]int) (faults []string) {
	for _, name := range slices.Sorted(maps.Keys(methods)) {
		if n, limit := methods[name], max(maxMethods, may[name]); n > limit {
			faults = append(faults, fmt.Sprintf("%s has %d methods, and may have %d: split it by topic", name, n, limit))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(may)) {
		if methods[name] <= maxMethods {
			faults = append(faults, fmt.Sprintf("%s has %d methods and needs no exception: remove it", name, methods[name]))
		}
	}
	return faults
}

func filesFault(name string, files int) string {
	if files <= maxFiles {
		return ""
	}
	return fmt.Sprintf("%s has %d files without tests, and may have %d: split it by topic", name, files, maxFiles)
}
