package pages

import (
	"fmt"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// hostile are strings that people, providers and addresses bring.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onfocus='alert(1)' autofocus='`, `</title><script>alert(1)</script>`,
	`javascript:alert(1)`, `data:text/html,<script>alert(1)</script>`, "{{.Nonce}}", `${alert(1)}`, `</textarea></form><form action="https://evil.example">`,
	"\x00\x01\x1b\u2028\u202e", "&lt;script&gt;", `\u003cscript\u003e`, `--><svg/onload=alert(1)>`, `" style="background:url(//evil.example)`, "a\r\nSet-Cookie: x=y", "\xff\xfe<b>",
}

// poison returns a copy of a sample with s in every string that is data of a person: what constants and addresses of
// ours hold stays as it is.
func poison(p sample, s string) Page {
	page := p.Page
	page.Values = map[string]string{}
	for _, name := range []string{"login", "email", "name", "username", "company", "token_name", "remember", "method", "password", "current", "code"} {
		page.Values[name] = s
	}
	page.Problem = &Message{ID: "problem_" + s, Args: map[string]any{"reason": s, "field": s, "minutes": s}}
	page.Notice = &Message{ID: s, Args: map[string]any{"name": s}}
	page.FieldProblems = map[string]*Message{"email": page.Problem, "password": {ID: "problem_invalid_field", Args: map[string]any{"field": s}}, s: page.Problem}
	page.Data = poisoned(reflect.ValueOf(page.Data), s, "").Interface()
	return page
}

// keep are fields that choose a branch or name what we made.
var keep = map[string]bool{"Reason": true, "Done": true, "Type": true}

func poisoned(v reflect.Value, s, field string) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.String:
		if keep[field] || v.String() == "" && field == "URL" {
			return v
		}
		out.SetString(s)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return v
		}
		for i := range v.NumField() {
			out.Field(i).Set(poisoned(v.Field(i), s, v.Type().Field(i).Name))
		}
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		out = reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(poisoned(v.Index(i), s, field))
		}
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		out.Set(reflect.New(v.Type().Elem()))
		out.Elem().Set(poisoned(v.Elem(), s, field))
	default:
		return v
	}
	return out
}

// shape is what a page is made of: elements and names of attributes, in order. Data must never change it.
func shape(doc *html.Node) string {
	var b strings.Builder
	for n := range doc.Descendants() {
		switch n.Type {
		case html.ElementNode:
			b.WriteString("<" + n.Data)
			for _, a := range n.Attr {
				b.WriteString(" " + a.Key)
			}
			b.WriteString(">")
		case html.CommentNode:
			b.WriteString("<!>")
		}
	}
	return b.String()
}

// render writes a page with s in all its data.
func render(t testing.TB, set *Set, p sample, s string) *html.Node {
	t.Helper()
	w := httptest.NewRecorder()
	set.Write(w, httptest.NewRequest("GET", "/", nil), p.status, poison(p, s))
	if w.Code != p.status {
		t.Fatalf("%s with %q: %d", p.name, s, w.Code)
	}
	doc, err := html.Parse(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// checkEscapes holds a page with s in all its data against the shape of the same page with a harmless word there.
func checkEscapes(t *testing.T, set *Set, p sample, s, want string) {
	t.Helper()
	doc := render(t, set, p, s)
	checkTargets(t, p.name, s, doc)
	if s == "" || strings.Trim(s, " \t\r\n\f\x00") == "" || local(s) != "" || link(s) != "" {
		return // leaves out, or puts in, what hangs on it
	}
	if got := shape(doc); got != want {
		t.Errorf("%s with %q is another page:\n%s\n%s", p.name, s, got, want)
	}
}

// checkTargets sees to it that nothing on the page leads to, or posts to, what the data says.
func checkTargets(t *testing.T, name, s string, doc *html.Node) {
	t.Helper()
	for n := range doc.Descendants() {
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("%s with %q: <%s %s>", name, s, n.Data, a.Key)
			}
			switch a.Key {
			case "action", "href", "src":
				v := strings.TrimSpace(a.Val)
				own := v == "" || strings.HasPrefix(v, "/") && !strings.HasPrefix(v, "//") && !strings.HasPrefix(v, `/\`)
				configured := n.Data != "script" && n.Data != "link" && n.Data != "img" && (strings.HasPrefix(v, "https://") || strings.HasPrefix(v, "http://"))
				if !own && !configured {
					t.Errorf("%s with %q: <%s %s=%q>", name, s, n.Data, a.Key, a.Val)
				}
			}
		}
	}
}

// The brand is the operator's, and still only text.
func TestTheNameOfTheBrandIsText(t *testing.T) {
	set := newSet(t, Brand{Name: `<b onclick="x">&{{.Nonce}}`})
	_, doc := write(t, set, 200, Page{Name: Login, Data: LoginData{}})
	if title := text(all(doc, "title")[0]); !strings.HasSuffix(title, `<b onclick="x">&{{.Nonce}}`) || len(all(doc, "b")) != 0 {
		t.Errorf("title %q", title)
	}
}

// A sentence's gaps take text and are no template.
func TestGapsAreFilledOnce(t *testing.T) {
	set := newSet(t, Brand{Name: "{{.method}}"})
	l := set.catalogue.locales[0]
	if got, _ := l.say("login_with", map[string]any{"method": "{{.brand}}"}); got != "Continue with {{.brand}}" {
		t.Errorf("%q", got)
	}
	if got, _ := l.say("signup_closed", nil); !strings.HasSuffix(got, "{{.method}}.") {
		t.Errorf("%q", got)
	}
}

// What people type is text, on every page: each of hostile is a seed, so that every run of the tests tries them all.
func FuzzPageEscapes(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, "en")
	}
	f.Add("//evil.example", "de")
	set := newSet(f, Brand{Name: "Example"})
	all := samples()
	harmless := make([]string, len(all))
	for i, p := range all {
		harmless[i] = shape(render(f, set, p, "harmless"))
	}
	f.Fuzz(func(t *testing.T, s, accept string) {
		if len(s) > 4096 {
			return
		}
		set.catalogue.pick(accept)
		for i, p := range all {
			checkEscapes(t, set, p, s, harmless[i])
		}
	})
}

func FuzzReadLocale(f *testing.F) {
	f.Add("fr", []byte(`{"login_title": "Connexion", "problem_too_many_attempts": {"one": "a", "other": "b {{.minutes}}"}}`))
	f.Add("x", []byte("{\n,"))
	f.Fuzz(func(t *testing.T, tag string, raw []byte) {
		file, err := readLocale(tag+".json", raw)
		if err != nil {
			if !strings.HasPrefix(err.Error(), tag+".json:") {
				t.Errorf("%v does not name the file", err)
			}
			return
		}
		for id, line := range file.lines {
			if line < 1 || line > 1+strings.Count(string(raw), "\n") {
				t.Errorf("%q in line %d", id, line)
			}
		}
		_ = fmt.Sprint(file.messages)
	})
}
