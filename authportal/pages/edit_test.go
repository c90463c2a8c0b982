package pages

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// accountAPI is the API as far as the list of accounts uses it: one account, changed at its version.
type accountAPI struct {
	mu       sync.Mutex
	account  map[string]any
	version  int
	problem  string // to answer a change with
	requests []string
}

func (a *accountAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	a.requests = append(a.requests, strings.TrimSpace(r.Method+" "+r.URL.Path[strings.LastIndexByte(r.URL.Path, '/'):]+" "+r.Header.Get("If-Match")+" "+string(body)))
	problem := a.problem
	if r.Method == http.MethodPatch && problem == "" && r.Header.Get("If-Match") != strconv.Quote(strconv.Itoa(a.version)) {
		problem = `{"code":"changed_meanwhile"}`
	}
	if r.Method == http.MethodPatch && problem != "" {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(422)
		_, _ = io.WriteString(w, problem)
		return
	}
	if r.Method == http.MethodPatch {
		var sent map[string]any
		_ = json.Unmarshal(body, &sent)
		for name, value := range sent {
			if attributes, ok := value.(map[string]any); ok {
				for key, v := range attributes {
					a.account["attributes"].(map[string]any)[key] = v
				}
				continue
			}
			a.account[name] = value
		}
		a.version++
	}
	a.account["version"] = a.version
	_ = json.NewEncoder(w).Encode(a.account)
}

func (a *accountAPI) set(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
}

func (a *accountAPI) last() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.requests) == 0 {
		return ""
	}
	return a.requests[len(a.requests)-1]
}

// What the test does on the page: open a cell of the first account, type and save, and read what stands there.
const editing = `
const cell = (key) => document.querySelector('[data-cell="' + key + '"]')
const says = (key) => cell(key).querySelector('button').textContent
const editor = document.getElementById('editor')
const control = () => [...editor.querySelectorAll('.field')].find((f) => !f.hidden).querySelector('input, select')
const problem = () => [...editor.querySelectorAll('[data-code]')].filter((p) => !p.hidden).map((p) => p.dataset.code).join(' ')
const settled = async () => { do await new Promise((r) => setTimeout(r, 5)); while (editor.hasAttribute('aria-busy')) }
const save = async (key, value) => {
  cell(key).querySelector('button').click()
  control().value = value
  editor.querySelector('[data-do=save]').click()
  await settled()
  return editor.hidden ? 'saved: ' + says(key) : 'refused: ' + problem()
}
`

func TestACellOfTheListIsChangedInPlace(t *testing.T) {
	ctx := chromium(t)
	set, err := New(Brand{Name: "Example"})
	if err != nil {
		t.Fatal(err)
	}
	samplesServer := serveSamples(t, set).Config.Handler
	api := &accountAPI{account: map[string]any{"name": "Ada Lovelace", "email": "ada@example.com", "roles": []any{"admin", "editor"}, "enabled": true,
		"approved": true, "attributes": map[string]any{"plan": "gold"}}}
	mux := http.NewServeMux()
	mux.Handle("/.gatehouse/api/v1/admin/users/", api)
	mux.Handle("/", samplesServer)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	f := listen(t, ctx)
	window(t, ctx, 320, 640, "light")
	visit(t, ctx, server.URL+"/admin")
	do := func(script string) string {
		t.Helper()
		return evaluate(t, ctx, `(async () => {`+editing+script+`})()`)
	}
	id := " /k3jd5s7ahq2f6wz4mxr5tb3uve "
	for _, step := range []struct{ script, want, request string }{
		{`return await save('name', ' Countess <img src=x onerror=document.title="run"> ')`, `saved: Countess <img src=x onerror=document.title="run">`,
			`PATCH` + id + `"0" {"name":"Countess <img src=x onerror=document.title=\"run\">"}`},
		{`return document.querySelector('.rows .name a').textContent + document.querySelectorAll('img[src=x]').length`, `Countess <img src=x onerror=document.title="run">0`, ""},
		{`return await save('plan', 'free')`, "saved: free", `PATCH` + id + `"1" {"attributes":{"plan":"free"}}`},
		{`return await save('plan', '')`, "saved: –", `PATCH` + id + `"2" {"attributes":{"plan":null}}`},
		{`return await save('seats', '12.5')`, "saved: 12.5", `PATCH` + id + `"3" {"attributes":{"seats":"12.5"}}`},
		{`return await save('beta', 'false')`, "saved: no", `PATCH` + id + `"4" {"attributes":{"beta":"false"}}`},
		{`return await save('since', '2026-01-31')`, "saved: Jan 31, 2026", `PATCH` + id + `"5" {"attributes":{"since":"2026-01-31"}}`},
		{`return await save('roles', ' writer  editor ')`, "saved: writer editor", `PATCH` + id + `"6" {"roles":["writer","editor"]}`},
		{`return await save('enabled', 'false')`, "saved: no", `PATCH` + id + `"7" {"enabled":false}`},
		{`cell('name').querySelector('button').click(); control().value = 'x'
		  control().dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
		  return String(editor.hidden) + says('name').length + (document.activeElement === cell('name').querySelector('button'))`, "true49true", ""},
		{`cell('name').querySelector('button').click(); control().value = 'Ada'
		  control().dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })); await settled(); return says('name')`, "Ada", `PATCH` + id + `"8" {"name":"Ada"}`},
	} {
		if got := do(step.script); got != step.want {
			t.Errorf("%s\ngives %q, want %q", step.script, got, step.want)
		}
		if got := api.last(); step.request != "" && got != step.request {
			t.Errorf("%s\nsends %s, want %s", step.script, got, step.request)
		}
	}
	api.set(func() { api.problem = `{"code":"invalid_field","field":"seats","reason":"number"}` })
	if got := do(`return await save('seats', 'many') + ' ' + control().value`); got != "refused: invalid_field_number many" {
		t.Error(got)
	}
	api.set(func() { api.problem = `{"code":"fresh_login_required"}` })
	if got := do(`return await save('roles', 'admin')`); got != "refused: fresh_login_required" {
		t.Error(got)
	}
	api.set(func() { api.problem = `<b>not JSON` })
	if got := do(`return await save('name', 'x')`); got != "refused: internal" {
		t.Error(got)
	}
	// Another administrator was quicker: what they wrote is shown, nothing of theirs is lost, and saving again is a decision.
	api.set(func() {
		api.problem, api.version = "", 40
		api.account["name"], api.account["roles"] = "Augusta", []any{"theirs"}
	})
	if got := do(`return await save('name', 'Mine') + ' ' + says('name') + ' ' + says('roles') + ' ' + control().value`); got != "refused: changed_meanwhile Augusta theirs Mine" {
		t.Error(got)
	}
	if got := do(`editor.querySelector('[data-do=save]').click(); await settled(); return says('name') + editor.hidden`); got != "Minetrue" || api.last() != `PATCH`+id+`"40" {"name":"Mine"}` {
		t.Error(got, api.last())
	}
	if wide := evaluate(t, ctx, overflow); wide != "0" {
		t.Errorf("%s px too wide", wide)
	}
	for _, fault := range f.take() {
		t.Error(fault)
	}
}

func TestTheListOfAccountsNeedsNoScript(t *testing.T) {
	s := newSet(t, Brand{})
	for _, p := range samples() {
		if p.name != "admin" {
			continue
		}
		_, doc := write(t, s, p.status, p.Page)
		if byID(doc, "editor") == nil || !has(byID(doc, "editor"), "hidden") {
			t.Error("an editor that does nothing is shown")
		}
		shown := map[string]string{}
		for _, dl := range all(doc, "dl")[:1] {
			for _, div := range all(dl, "div") {
				if !has(div, "hidden") {
					shown[text(all(div, "dt")[0])] = text(all(div, "dd")[0])
				}
			}
		}
		for label, want := range map[string]string{"Roles": "admin editor", "Company": "Analytical Engines Ltd", "Plan": "gold", "Beta tester": "yes", "Customer since": "24 Dec 2025"} {
			if got := shown[label]; got != want {
				t.Errorf("%s: %q, want %q", label, got, want)
			}
		}
	}
}
