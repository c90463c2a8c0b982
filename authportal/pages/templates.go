package pages

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed templates mails assets locales
var files embed.FS

// Names of all pages.
var names = []string{
	Login, Signup, Logout, Account, Setup, Confirm, Forgot, Reset, Link, Email, Ticket, Forbidden, Error,
	AdminOverview, Admin, AdminUser, AdminBulk, AdminImport, Columns, AdminRoles, AdminAudit,
}

// Files that all pages share.
const (
	layoutFile = "layout.html" // the frame of every page
	partsFile  = "parts.html"  // templates that pages share
	styleFile  = "style.css"
	extraFile  = "extra.css" // a brand's additions to the style sheet; empty by default
)

// source holds the text of all files, built-in or the brand's.
type source struct {
	text map[string]string
	from map[string]string // name of each file for error messages
}

// readSources reads the built-in files and replaces them by the brand's.
func readSources(dir string) (*source, error) {
	s := &source{text: map[string]string{extraFile: ""}, from: map[string]string{}}
	for _, name := range append([]string{layoutFile, partsFile}, pageFiles()...) {
		if err := s.ours("templates/", name); err != nil {
			return nil, err
		}
	}
	if err := s.ours("assets/", styleFile); err != nil {
		return nil, err
	}
	if dir == "" {
		return s, nil
	}
	list, err := readDirectory("templates", dir)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		name := e.Name()
		if _, ours := s.text[name]; !ours {
			if err := s.stranger(dir, name); err != nil {
				return nil, err
			}
			continue
		}
		file := filepath.Join(dir, name)
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("templates: %w: make it a file that this server may read", err)
		}
		if strings.TrimSpace(string(b)) == "" && name != extraFile {
			return nil, fmt.Errorf("templates: %s is empty: write what shall stand there, or take the file out to have ours back", file)
		}
		s.text[name], s.from[name] = string(b), file
	}
	return s, nil
}

func pageFiles() []string {
	var out []string
	for _, n := range names {
		out = append(out, n+".html")
	}
	return out
}

func (s *source) ours(dir, name string) error {
	b, err := fs.ReadFile(files, dir+name)
	s.text[name], s.from[name] = string(b), name
	return err
}

// stranger refuses a file that would replace nothing. Message templates are in the same directory and are checked
// elsewhere; files that are not templates are ignored.
func (s *source) stranger(dir, name string) error {
	switch filepath.Ext(name) {
	case ".html", ".htm", ".gohtml", ".tmpl", ".css", ".js":
	default:
		return nil
	}
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "mail") {
		return nil
	}
	known := make([]string, 0, len(s.text))
	for n := range s.text {
		known = append(known, n)
	}
	slices.Sort(known)
	return fmt.Errorf("templates: %s replaces nothing%s: give it one of the names %s, or take it out",
		filepath.Join(dir, name), didYouMean(name, s.text), strings.Join(known, ", "))
}

// parse parses the templates of all pages and checks what can be checked without data.
func (s *source) parse(english *locale) (map[string]*template.Template, error) {
	out := map[string]*template.Template{}
	for _, name := range names {
		t := template.New(name)
		for _, file := range []string{layoutFile, partsFile, name + ".html"} {
			if _, err := t.New(s.from[file]).Parse(s.text[file]); err != nil {
				return nil, fmt.Errorf("templates: %w: correct the file, or take it out to have ours back", err)
			}
		}
		if err := checkIDs(t, english); err != nil {
			return nil, err
		}
		out[name] = t.Lookup(s.from[name+".html"])
	}
	return out, nil
}
