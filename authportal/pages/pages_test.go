package pages

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func newSet(t testing.TB, b Brand) *Set {
	t.Helper()
	s, err := New(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// write answers with a page and returns the answer and what is in it.
func write(t testing.TB, s *Set, status int, p Page, header ...string) (*http.Response, *html.Node) {
	t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.Write(w, r, status, p)
	doc, err := html.Parse(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), doc
}

// all returns the elements of a name below n.
func all(n *html.Node, names ...string) (out []*html.Node) {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && (len(names) == 0 || slices.Contains(names, d.Data)) {
			out = append(out, d)
		}
	}
	return out
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func byID(doc *html.Node, id string) *html.Node {
	for _, n := range all(doc) {
		if attr(n, "id") == id {
			return n
		}
	}
	return nil
}

func TestEveryPageIsWellMade(t *testing.T) {
	s := newSet(t, Brand{Name: "Example"})
	for _, p := range samples() {
		for _, lang := range []string{"en", "de"} {
			resp, doc := write(t, s, p.status, p.Page, "Accept-Language", lang)
			name := p.name + " in " + lang
			if resp.StatusCode != p.status || resp.Header.Get("Content-Type") != "text/html; charset=utf-8" || resp.Header.Get("Content-Language") != lang {
				t.Errorf("%s: %d %v", name, resp.StatusCode, resp.Header)
			}
			if root := all(doc, "html")[0]; attr(root, "lang") != lang || attr(root, "dir") != "ltr" {
				t.Errorf("%s: %v", name, root.Attr)
			}
			if n := len(all(doc, "h1")); n != 1 {
				t.Errorf("%s: %d headings of the first rank", name, n)
			}
			if title := text(all(doc, "title")[0]); !strings.HasSuffix(title, " · Example") || len(title) < 15 {
				t.Errorf("%s: title %q", name, title)
			}
			if attr(all(doc, "body")[0], "data-page") != p.Name {
				t.Errorf("%s: the body does not name its page", name)
			}
			checkInputs(t, name, doc)
			checkNames(t, name, doc)
			checkInert(t, name, doc)
		}
	}
}

// checkInputs holds every input to its label, and every reference to an element that there is.
func checkInputs(t *testing.T, name string, doc *html.Node) {
	t.Helper()
	ids := map[string]int{}
	for _, n := range all(doc) {
		if id := attr(n, "id"); id != "" {
			if ids[id]++; ids[id] > 1 {
				t.Errorf("%s: the id %q is there twice", name, id)
			}
		}
	}
	labels := map[string]string{}
	for _, l := range all(doc, "label") {
		labels[attr(l, "for")] = text(l)
	}
	for _, n := range all(doc) {
		for _, ref := range []string{"aria-describedby", "aria-labelledby", "aria-controls", "for"} {
			for _, id := range strings.Fields(attr(n, ref)) {
				if ids[id] == 0 {
					t.Errorf("%s: %s of <%s> names %q, which is not there", name, ref, n.Data, id)
				}
			}
		}
	}
	focus := 0
	for _, in := range all(doc, "input") {
		if has(in, "autofocus") {
			focus++
		}
		if attr(in, "type") == "password" && has(in, "value") {
			t.Errorf("%s: a password is filled in", name)
		}
		if attr(in, "type") == "hidden" || has(in, "hidden") {
			continue
		}
		if labels[attr(in, "id")] == "" && attr(in, "aria-labelledby") == "" && (in.Parent.Data != "label" || text(in.Parent) == "") {
			t.Errorf("%s: input %q has no label", name, attr(in, "name"))
		}
		if strings.HasPrefix(attr(in, "type"), "t") && attr(in, "autocomplete") == "" {
			t.Errorf("%s: input %q has no autocomplete", name, attr(in, "name"))
		}
	}
	if focus > 1 {
		t.Errorf("%s: %d inputs want the focus", name, focus)
	}
}

// checkNames sees to it that all that can be followed or pressed says what it does.
func checkNames(t *testing.T, name string, doc *html.Node) {
	t.Helper()
	for _, n := range all(doc, "a", "button", "summary", "h1", "h2", "label", "legend", "option") {
		if text(n) == "" && attr(n, "aria-label") == "" {
			t.Errorf("%s: <%s> says nothing", name, n.Data)
		}
	}
	for _, n := range all(doc, "img") {
		if !has(n, "alt") {
			t.Errorf("%s: a picture without alt", name)
		}
	}
}

// checkInert finds what the Content-Security-Policy would refuse, and what leads out of our hands.
func checkInert(t *testing.T, name string, doc *html.Node) {
	t.Helper()
	for _, n := range all(doc) {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("%s: <%s %s> cannot work under our policy", name, n.Data, a.Key)
			}
			switch a.Key {
			case "href", "src", "action":
				if a.Val == "https://login.example.com/sso" && a.Key == "action" && strings.HasPrefix(name, "login-post ") {
					continue // what leads to a provider
				}
				if !strings.HasPrefix(a.Val, "/") || strings.HasPrefix(a.Val, "//") {
					t.Errorf("%s: <%s %s=%q> leaves the host", name, n.Data, a.Key, a.Val)
				}
			case "formaction", "srcset", "srcdoc", "ping", "target":
				t.Errorf("%s: <%s %s>", name, n.Data, a.Key)
			}
		}
	}
	for _, n := range all(doc, "script") {
		if text(n) != "" || attr(n, "nonce") == "" {
			t.Errorf("%s: a script that is inline or has no nonce", name)
		}
	}
	if n := len(all(doc, "style", "iframe", "object", "embed", "base", "template")); n > 0 {
		t.Errorf("%s: %d elements that no page of ours needs", name, n)
	}
}

// fieldsOf returns what a form would post, as "name=value".
func fieldsOf(form *html.Node) []string {
	var out []string
	for _, n := range all(form, "input", "button", "select", "textarea") {
		if name := attr(n, "name"); name != "" {
			out = append(out, name+"="+attr(n, "value"))
		}
	}
	slices.Sort(out)
	return out
}

// The actions refuse a field that they do not know, so a form sends exactly theirs.
func TestFormsPostTheFieldsOfTheAPI(t *testing.T) {
	s := newSet(t, Brand{})
	tests := map[string][]string{
		"login":             {"/login login= method=password password= remember=1 to=sealed"},
		"login-problem":     {"/login login=ada@example.com method=password password= remember=1 to=sealed"},
		"login-methods":     {"/login flow=sealed login= method=corp method=password password= remember=1"},
		"login-fresh":       {"/login login=ada method=password password= to=sealed"},
		"login-factor":      {"/login code= method=recovery method=totp step=token to=sealed"},
		"login-step":        {"/login code= method=email step=token to=sealed"},
		"login-mail-beside": {"/login login= method=password password= remember=1 to=sealed"},
		"login-mail-alone":  {"/link email= remember=1 to=sealed"},
		"link":              {"/link email= remember=1 to=sealed"},
		"link-sent":         {"/link/finish code= step=token to=sealed"},
		"link-open":         {"/link/finish token=token"},
		"link-elsewhere":    nil,
		"link-expired":      nil,
		"link-done":         nil,
		"signup":            {"/signup company= email= flow=sealed name= password= username="},
		"signup-problem": {
			"/signup company=Example Ltd email=grace@example.com flow=sealed name=Grace Hopper password= username=grace"},
		"logout":    {"/logout everywhere=1"},
		"setup":     {"/setup email= name= password= token=token"},
		"forbidden": {"/logout"},
		"account": {"/logout", "/account company=Analytical Engines Ltd name=Ada Lovelace", "/account/email email=", "/account/password current= password=",
			"/account/sessions id=s2", "/account/sessions id=s3", "/account/sessions others=1",
			"/account/tokens/delete id=t1", "/account/tokens/delete id=t2", "/account/tokens expires= name=", "/account/delete sure=1"},
		"account-bare":        {"/logout", "/account name=", "/account/tokens expires= name=", "/account/delete sure=1"},
		"signup-closed":       nil,
		"logout-done":         nil,
		"setup-expired":       nil,
		"forbidden-nobody":    nil,
		"error-unavailable":   nil,
		"login-providers":     nil,
		"account-wrong-token": {"/account/tokens expires= name=Backup script"},
	}
	for _, p := range samples() {
		want, ok := tests[p.name]
		if !ok {
			continue
		}
		_, doc := write(t, s, p.status, p.Page)
		var got []string
		for _, form := range all(doc, "form") {
			if attr(form, "method") != "post" {
				t.Errorf("%s: a form that would put what it holds into an address", p.name)
			}
			action, below := strings.CutPrefix(attr(form, "action"), "/.gatehouse")
			if !below {
				t.Errorf("%s: a form posts to %q", p.name, attr(form, "action"))
			}
			got = append(got, strings.TrimSpace(action+" "+strings.Join(fieldsOf(form), " ")))
		}
		if p.name == "account-wrong-token" {
			got = slices.DeleteFunc(got, func(f string) bool { return f != want[0] })
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s posts\n%q, want\n%q", p.name, got, want)
		}
	}
}

func TestAPageBelowTheRootAndBelowAPath(t *testing.T) {
	s := newSet(t, Brand{})
	for base, want := range map[string]string{"": "/login", "/": "/login", "/auth": "/auth/login", "/pub/.gatehouse": "/pub/.gatehouse/login",
		"//evil.example": "/.//evil.example/login", "https://evil.example": "/login"} {
		_, doc := write(t, s, 200, Page{Name: Login, Base: base, Data: LoginData{Methods: []Method{{Name: "password"}}}})
		if got := attr(all(doc, "form")[0], "action"); got != want {
			t.Errorf("base %q: form posts to %q, want %q", base, got, want)
		}
	}
}

// The requested path is on the page of an outage, to be tried again. An address that begins with two slashes would
// be a link to whatever host it names.
func TestLinksToTheAddressThatWasAskedForStayHere(t *testing.T) {
	s := newSet(t, Brand{})
	for uri, want := range map[string]string{
		"/a?b=c&d=%2F": "/a?b=c&d=%2F", "//evil.example/x": "/.//evil.example/x", `/\evil.example`: "/.//evil.example",
		"https://evil.example/": "", "javascript:alert(1)": "", "\\\\evil": "", "/\t/evil.example": "", "": "",
	} {
		_, doc := write(t, s, 503, Page{Name: Error, Data: ErrorData{Status: 503, Code: "store_unavailable", RetryURL: uri}})
		got := ""
		for _, a := range all(doc, "a") {
			got = attr(a, "href")
		}
		got = strings.ReplaceAll(strings.ReplaceAll(got, "%5c", "/"), "%5C", "/")
		if got != want {
			t.Errorf("%q: link to %q, want %q", uri, got, want)
		}
	}
}

func TestAProblemStandsBesideItsFieldAndIsReadOut(t *testing.T) {
	s := newSet(t, Brand{})
	for _, tt := range []struct{ sample, input, id, sentence string }{
		{"signup-problem", "password", "problem_password_not_acceptable", "This password is too short. Please use at least 8 characters."},
		{"account-wrong-password", "current", "problem_invalid_credentials", "That is not your current password. Please try again."},
		{"account-wrong-token", "token_expires", "problem_invalid_field", "Please choose a day in the future."},
	} {
		p := samples()[slices.IndexFunc(samples(), func(p sample) bool { return p.name == tt.sample })]
		_, doc := write(t, s, p.status, p.Page)
		in, problem := byID(doc, tt.input), byID(doc, tt.input+"-problem")
		if in == nil || problem == nil {
			t.Fatalf("%s: no input or no problem", tt.sample)
		}
		if attr(in, "aria-invalid") != "true" || !has(in, "autofocus") || !slices.Contains(strings.Fields(attr(in, "aria-describedby")), tt.input+"-problem") {
			t.Errorf("%s: %v", tt.sample, in.Attr)
		}
		if text(problem) != tt.sentence || attr(problem, "data-message") != tt.id {
			t.Errorf("%s: %q, %v", tt.sample, text(problem), problem.Attr)
		}
		if alert := byID(doc, "problem"); attr(alert, "role") != "alert" || text(alert) != "Please look at what is marked below." {
			t.Errorf("%s: alert %q", tt.sample, text(alert))
		}
		for _, d := range all(doc, "details") {
			if slices.Contains(slices.Collect(d.Descendants()), in) && !has(d, "open") {
				t.Errorf("%s: what is wrong is folded away", tt.sample)
			}
		}
	}
	// Where no field is to blame the alert says it all, and is what describes the field that has the focus.
	p := samples()[1]
	_, doc := write(t, s, p.status, p.Page)
	if in := byID(doc, "password"); attr(in, "aria-describedby") != "problem" || !has(in, "autofocus") || has(in, "aria-invalid") {
		t.Errorf("password: %v", in.Attr)
	}
}
