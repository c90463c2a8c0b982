package caddymodule

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Pages about the source name files and tests between backticks. A file that moved, or a test that was renamed, must move in
// the page as well: a threat model that names a test which is gone claims what nothing checks.
var (
	pagesAboutSource = regexp.MustCompile(`^(CONTRIBUTING|SECURITY|docs/(design|threats)|docs/decisions/.*)\.md$`)
	fileOfDocs       = regexp.MustCompile("`([a-z_]+(?:/[\\w.-]+)+\\.(?:go|json|sh|mod))`")
	testOfDocs       = regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w+)`")
	testFunction     = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w*)\(`)
)

func TestFilesOfTheDocsExist(t *testing.T) {
	n := 0
	for page, text := range pagesOfDocs(t) {
		if !pagesAboutSource.MatchString(page) {
			continue
		}
		for _, found := range fileOfDocs.FindAllStringSubmatch(text, -1) {
			n++
			if _, err := os.Stat(filepath.Join("..", found[1])); err != nil {
				t.Errorf("%s: %s does not exist", page, found[1])
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d files found", n)
	}
}

// A test is looked for in the file that is named before it in the same cell of a table.
func TestTestsOfTheDocsExist(t *testing.T) {
	functions := testFunctions(t)
	n := 0
	for page, text := range pagesOfDocs(t) {
		if !pagesAboutSource.MatchString(page) {
			continue
		}
		for _, line := range strings.Split(text, "\n") {
			for _, part := range strings.Split(line, ";") {
				file := fileOfDocs.FindStringSubmatch(part)
				for _, found := range testOfDocs.FindAllStringSubmatch(part, -1) {
					n++
					switch in := functions[found[1]]; {
					case len(in) == 0:
						t.Errorf("%s: there is no %s", page, found[1])
					case file != nil && strings.HasSuffix(file[1], "_test.go") && !in[file[1]]:
						t.Errorf("%s: %s is not in %s", page, found[1], file[1])
					}
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d tests found", n)
	}
}

// testFunctions returns the files of every test of the module, by the test's name.
func testFunctions(t *testing.T) map[string]map[string]bool {
	t.Helper()
	functions := make(map[string]map[string]bool)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != ".." && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, found := range testFunction.FindAllStringSubmatch(string(source), -1) {
			if functions[found[1]] == nil {
				functions[found[1]] = make(map[string]bool)
			}
			functions[found[1]][strings.TrimPrefix(filepath.ToSlash(path), "../")] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return functions
}

// citedPage matches the page that a comment cites, with a numbered rule or invariant, or a heading in quotes.
var citedPage = regexp.MustCompile(`docs/([\w./-]+\.md)(?:, (?:(?:rule|invariant) (\d+)|"([^"]+)"))?`)

// A comment that cites what no page says any more misleads its reader.
func TestDocsCitedInCommentsExist(t *testing.T) {
	pages := pagesOfDocs(t)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != ".." && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "docs_names_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, line := range strings.Split(string(source), "\n") {
			if _, comment, ok := strings.Cut(line, "//"); ok {
				checkCitations(t, pages, path, comment)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkCitations(t *testing.T, pages map[string]string, path, comment string) {
	t.Helper()
	for _, found := range citedPage.FindAllStringSubmatch(comment, -1) {
		text, ok := pages["docs/"+found[1]]
		switch number, heading := found[2], found[3]; {
		case !ok && found[1] == "long-run.md": // written by `integration/run.sh long`
		case !ok:
			t.Errorf("%s: there is no docs/%s", path, found[1])
		case number != "" && !strings.Contains(text, "\n"+number+". **"):
			t.Errorf("%s: docs/%s has no number %s", path, found[1], number)
		case heading != "" && !strings.Contains(text, "# "+heading+"\n"):
			t.Errorf("%s: docs/%s has no heading %q", path, found[1], heading)
		}
	}
}
