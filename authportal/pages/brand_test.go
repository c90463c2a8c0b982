package pages

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func put(t testing.TB, dir, name, body string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// A broken brand stops the start, and says where and what to do.
func TestABrokenBrandDoesNotStart(t *testing.T) {
	const locale, tmpl, logo = "locale", "template", "logo"
	tests := []struct {
		kind, file, body string
		want             []string
	}{
		{locale, "fr.json", "{\n\"login_title\": \"Connexion\",\n}", []string{"fr.json:3:", "JSON"}},
		{locale, "fr.json", "", []string{"fr.json:1:", "JSON"}},
		{locale, "fr.json", "[]", []string{"fr.json:1:", "JSON object"}},
		{locale, "fr.json", "{}{}", []string{"fr.json:1:", "JSON object"}},
		{locale, "fr.json", "{\n\"login_title\": 7}", []string{"fr.json:2:", "login_title", "plural forms"}},
		{locale, "fr.json", "{\n\"login_title\": \"\"}", []string{"fr.json:2:", "login_title"}},
		{locale, "fr.json", "{\n\"login_title\": {\"one\": \"x\"}}", []string{"fr.json:2:", `"other"`}},
		{locale, "fr.json", "{\n\"login_title\": {\"other\": \"x\", \"lots\": \"y\"}}", []string{"fr.json:2:", "zero, one, two"}},
		{locale, "fr.json", "{\n\"login_title\": \"a\",\n\"login_title\": \"b\"}", []string{"fr.json:3:", "twice", "line 2"}},
		{locale, "fr.json", "{\n\n\"login_titel\": \"x\"}", []string{"fr.json:3:", `did you mean "login_title"?`}},
		{locale, "fr.json", "{\"login_with\": \"Avec {{.methode}}\"}", []string{"fr.json:1:", "{{.methode}}", "{{.method}}"}},
		{locale, "fr.json", "{\"login_with\": \"Avec {{method}}\"}", []string{"fr.json:1:", "write gaps as"}},
		{locale, "fr.json", "{\"login_with\": \"{{if .method}}{{.method}}{{end}}\"}", []string{"fr.json:1:", "write gaps as"}},
		{locale, "french!.json", "{}", []string{"french!.json", "BCP 47"}},
		{locale, "tlh.json", `{"login_title": "x"}`, []string{"tlh", "plural rules"}},
		{locale, "fr.txt", "{}", []string{"no .json file"}},
		{tmpl, "login.html", "<p>\n{{.Nope}}", []string{"login.html:2", "Nope", "take it out"}},
		{tmpl, "login.html", "{{if}}", []string{"login.html:1", "take it out"}},
		{tmpl, "login.html", "a\nb {{end}}", []string{"login.html:2"}},
		{tmpl, "login.html", "", []string{"login.html", "empty"}},
		{tmpl, "login.html", "<p>\n\n{{.T \"login_titel\"}}", []string{"login.html:3", `did you mean "login_title"?`}},
		{tmpl, "login.html", `{{template "input" (.Input "login" "text" "username" "hint=nothing")}}`, []string{"login.html:1", "nothing"}},
		{tmpl, "login.html", `<a href="x?{{if .Nonce}}'{{end}}"{{if .Base}} onclick={{end}}>{{.T "login_title"}}</a>`, []string{"login.html"}},
		{tmpl, "login.html", `{{template "layuot" .}}`, []string{"login.html", "layuot"}},
		{tmpl, "account.html", `{{.Data.User.Password}}`, []string{"account.html:1", "Password"}},
		{tmpl, "layout.html", "{{define \"layout\"}}\n{{.Stile}}{{end}}", []string{"layout.html:2", "Stile"}},
		{tmpl, "signin.html", "x", []string{"signin.html", "replaces nothing", "login.html"}},
		{tmpl, "styles.css", "x", []string{"styles.css", `did you mean "style.css"?`}},
		{logo, "logo.png", "<html>", []string{"logo.png", "SVG nor PNG"}},
		{logo, "logo.svg", "<html><svg/></html>", []string{"logo.svg", "SVG nor PNG"}},
		{logo, "logo.svg", "", []string{"logo.svg", "SVG nor PNG"}},
		{logo, "logo.png", "\x89PNG\r\n\x1a\n" + strings.Repeat("x", maxLogo), []string{"logo.png", "512 KiB"}},
	}
	for _, tt := range tests {
		dir := t.TempDir()
		file := put(t, dir, tt.file, tt.body)
		b := map[string]Brand{locale: {Locales: dir}, tmpl: {Templates: dir}, logo: {Logo: file}}[tt.kind]
		_, err := New(b)
		if err == nil {
			t.Errorf("%s with %.40q: started", tt.file, tt.body)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s with %.40q: %v\nsays nothing of %q", tt.file, tt.body, err, want)
			}
		}
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	for setting, b := range map[string]Brand{"logo": {Logo: gone}, "templates": {Templates: gone}, "locales": {Locales: gone}} {
		if _, err := New(b); err == nil || !strings.HasPrefix(err.Error(), setting+": ") || !strings.Contains(err.Error(), gone) || !strings.Contains(err.Error(), "may read") {
			t.Errorf("%s: %v", setting, err)
		}
	}
	file := put(t, t.TempDir(), "file", "")
	for setting, b := range map[string]Brand{"templates": {Templates: file}, "locales": {Locales: file}} {
		if _, err := New(b); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", setting, err)
		}
	}
	for _, name := range []string{strings.Repeat("x", 81), "two\nlines", "\xff"} {
		if _, err := New(Brand{Name: name}); err == nil || !strings.HasPrefix(err.Error(), "name: ") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestTemplatesReplaceOursByName(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "logout.html", `{{define "title"}}Bye{{end}}{{define "main"}}<h1>{{.T "own_bye"}}</h1>{{end}}{{template "layout" .}}`)
	put(t, dir, "error.html", `<!doctype html><title>{{.Brand.Name}}</title><h1>{{.ErrorTitle}}</h1><script nonce="{{.Nonce}}">1</script>`)
	put(t, dir, "extra.css", ".card { border: 0 }")
	for _, ignored := range []string{"README.md", "mail-reset.html", ".login.html.swp", ".hidden.html"} {
		put(t, dir, ignored, "{{nonsense")
	}
	words := t.TempDir()
	put(t, words, "en.json", `{"own_bye": "Goodbye from {{.brand}}", "logout_submit": "Leave"}`)
	s := newSet(t, Brand{Name: "Acme", Templates: dir, Locales: words})
	_, doc := write(t, s, 200, Page{Name: Logout, Data: LogoutData{}})
	if text(all(doc, "h1")[0]) != "Goodbye from Acme" || text(all(doc, "title")[0]) != "Bye · Acme" {
		t.Errorf("logout: %s", text(doc))
	}
	_, doc = write(t, s, 404, Page{Name: Error, Data: ErrorData{Status: 404, Code: "not_found"}})
	if text(all(doc, "h1")[0]) != "Page not found" || len(all(doc, "main")) != 0 || attr(all(doc, "script")[0], "nonce") == "" {
		t.Errorf("error: %s", text(doc))
	}
	_, doc = write(t, s, 200, Page{Name: Account, Data: AccountData{}})
	if text(all(all(doc, "form")[0], "button")[0]) != "Leave" {
		t.Error("a sentence of ours is not replaced")
	}
	if css := string(s.style.data); !strings.HasSuffix(css, ".card { border: 0 }") || !strings.Contains(css, ".stage {") {
		t.Error("extra.css does not join the style sheet")
	}
	put(t, dir, "style.css", "body{}")
	if css := string(newSet(t, Brand{Templates: dir, Locales: words}).style.data); strings.Contains(css, ".stage") || !strings.Contains(css, "--accent:") {
		t.Error("style.css does not replace ours")
	}
}

// A template may still fail on what only a visitor brings. Then nothing of the page is sent, and the operator hears of
// it.
func TestAPageIsWrittenWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "error.html", `<h1>half</h1>{{index .Data.Code 3}}`)
	var log bytes.Buffer
	s := newSet(t, Brand{Templates: dir, Log: slog.New(slog.NewJSONHandler(&log, nil))})
	w := httptest.NewRecorder()
	s.Write(w, httptest.NewRequest("GET", "/", nil), 404, Page{Name: Error, Data: ErrorData{Status: 404, Code: "x"}})
	if w.Code != 500 || strings.Contains(w.Body.String(), "half") || w.Header().Get("Content-Security-Policy") == "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if !strings.Contains(log.String(), "error.html:1") {
		t.Errorf("log: %s", &log)
	}
	w = httptest.NewRecorder()
	if s.Write(w, httptest.NewRequest("GET", "/", nil), 200, Page{Name: "nothing"}); w.Code != 500 {
		t.Errorf("a page that does not exist: %d", w.Code)
	}
}
