package pages

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// contractCodes are the codes of problems that the JSON API promises; those that the code knows beyond are found there.
var contractCodes = []string{"login_required", "invalid_credentials", "email_not_confirmed", "account_disabled", "approval_pending",
	"too_many_attempts", "busy", "invalid_code", "user_exists", "username_taken", "password_not_acceptable", "invalid_field", "signup_closed",
	"invalid_token", "fresh_login_required", "forbidden", "not_found", "malformed", "too_large", "second_factor_required", "https_required",
	"store_unavailable", "cross_origin"}

func ourLocales(t *testing.T) map[string]*localeFile {
	t.Helper()
	names, err := fs.Glob(files, "locales/*.json")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*localeFile{}
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := readLocale(name, raw)
		if err != nil {
			t.Fatal(err)
		}
		out[f.tag.String()] = f
	}
	return out
}

func (f *localeFile) byID() map[string]*i18n.Message {
	out := map[string]*i18n.Message{}
	for _, m := range f.messages {
		out[m.ID] = m
	}
	return out
}

func TestEveryLanguageSaysEverything(t *testing.T) {
	locales := ourLocales(t)
	if locales["en"] == nil || locales["de"] == nil {
		t.Fatal("English or German is missing")
	}
	english := locales["en"].byID()
	for lang, f := range locales {
		have := f.byID()
		for id, m := range english {
			other := have[id]
			if other == nil {
				t.Errorf("%s: nothing translates %q", f.name, id)
				continue
			}
			if got, want := gapSet(t, other), gapSet(t, m); !slices.Equal(got, want) {
				t.Errorf("%s:%d: %q has the gaps %q, in English %q", f.name, f.lines[id], id, got, want)
			}
		}
		for id := range have {
			if english[id] == nil {
				t.Errorf("%s:%d: %q is no sentence in English", f.name, f.lines[id], id)
			}
		}
		if lang == "de" && regexp.MustCompile(`(?i)\b(du|dein|deine|dich|dir)\b`).MatchString(allText(f)) {
			t.Errorf("%s says du", f.name)
		}
	}
}

func gapSet(t *testing.T, m *i18n.Message) []string {
	t.Helper()
	set := map[string]bool{}
	for _, s := range formsOf(m) {
		gaps, err := gapsOf(s)
		if err != nil {
			t.Error(err)
		}
		for _, g := range gaps {
			set[g] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

func allText(f *localeFile) string {
	var b strings.Builder
	for _, m := range f.messages {
		b.WriteString(strings.Join(formsOf(m), "\n") + "\n")
	}
	return b.String()
}

// usedIDs collects every id that templates and code use: those written out, and "problem_" with every code.
func usedIDs(t *testing.T) (used, codes map[string]bool) {
	t.Helper()
	used, codes = map[string]bool{}, map[string]bool{}
	s, err := readSources("")
	if err != nil {
		t.Fatal(err)
	}
	set := newSet(t, Brand{})
	english := set.catalogue.locales[0]
	for _, l := range set.letters {
		for _, tree := range l.trees() {
			for _, use := range idsIn(tree.Root) {
				used[use.id] = true
			}
		}
	}
	templates, err := s.parse(english)
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range templates {
		for _, tmpl := range page.Templates() {
			if tmpl.Tree != nil {
				for _, use := range idsIn(tmpl.Tree.Root) {
					used[use.id] = true
				}
			}
		}
	}
	for _, c := range contractCodes {
		codes[c] = true
	}
	literal := regexp.MustCompile(`"([a-z][a-z0-9_]*)"`)
	code := regexp.MustCompile(`(?:\bCode:|\b[cC]ode[A-Z]\w*\s*=|problem\.Write\([^"\n]*)\s*"([a-z_]+)"`)
	word := regexp.MustCompile(`[aA]ccountDone\((?:c, )?"([a-z_]+)"\)`)
	for file, src := range goSources(t, "..") {
		for _, m := range code.FindAllStringSubmatch(src, -1) {
			codes[m[1]] = true
		}
		for _, m := range word.FindAllStringSubmatch(src, -1) {
			used["done_"+m[1]] = true
		}
		for _, m := range literal.FindAllStringSubmatch(src, -1) {
			if english.has(m[1]) || strings.HasPrefix(m[1], "done_") && m[1] != "done_" && !strings.HasPrefix(filepath.Base(file), "samples") {
				used[m[1]] = true
			}
		}
	}
	kind := regexp.MustCompile(`\bEvent[A-Z]\w*\s*=\s*"([a-z_]+)"`)
	for _, m := range kind.FindAllStringSubmatch(string(mustRead(t, "../audit/event.go")), -1) {
		used["event_"+m[1]] = true
	}
	for _, result := range []string{"ok", "refused", "failed"} {
		used["result_"+result] = true
	}
	delete(codes, "teapot") // a sample's: an unknown code
	for c := range codes {
		used["problem_"+c] = true
	}
	return used, codes
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func goSources(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEverySentenceThatIsUsedExistsAndNoOther(t *testing.T) {
	used, codes := usedIDs(t)
	english := ourLocales(t)["en"].byID()
	for id := range used {
		if english[id] == nil {
			t.Errorf("%q is used and nowhere translated: add it to locales/*.json", id)
		}
	}
	if len(codes) <= len(contractCodes) {
		t.Error("no code was found in the sources")
	}
	for id := range english {
		if !used[id] && !composed(id, codes) {
			t.Errorf("%q is translated and never used", id)
		}
	}
}

// composed reports whether an id is one that is put together at run time.
func composed(id string, codes map[string]bool) bool {
	// by what the configuration names, what the audit trail says, and by words of ours
	for _, family := range []string{"field_", "method_", "reason_", "admin_state_", "admin_act_"} {
		if strings.HasPrefix(id, family) {
			return true
		}
	}
	if regexp.MustCompile(`^status_([2-5]xx|[45]\d\d)(_title)?$`).MatchString(id) {
		return true
	}
	if c, ok := strings.CutPrefix(id, "error_"); ok {
		return codes[c]
	}
	if c, ok := strings.CutPrefix(id, "import_why_"); ok { // by the code, or by the column
		return codes[c] || slices.Contains([]string{"email", "password", "password_hash", "roles", "attributes"}, c)
	}
	details := append([]string{"too_short", "too_long", "not_text", "common", "breached", "like_login", "same", "email", "username", "name", "expires", "sure",
		"number", "yes_no", "date", "list", "choice", "file", "no_email", "twice", "encoding", "address", "since", "until"}, names...)
	for _, d := range details {
		if rest, ok := strings.CutSuffix(id, "_"+d); ok && codes[strings.TrimPrefix(rest, "problem_")] {
			return true
		}
	}
	return false
}

func TestPluralForms(t *testing.T) {
	s := newSet(t, Brand{})
	for lang, want := range map[string][2]string{
		"en": {"Too many attempts. Please wait a minute and try again.", "Too many attempts. Please try again in 15 minutes."},
		"de": {"Zu viele Versuche. Bitte warten Sie eine Minute und versuchen Sie es noch einmal.", "Zu viele Versuche. Bitte versuchen Sie es in 15 Minuten noch einmal."},
	} {
		for i, minutes := range []int{1, 15} {
			v := s.view(&Page{Name: Login, Data: LoginData{}}, 429, s.catalogue.pick(lang), "")
			if got := v.Say(&Message{ID: "problem_too_many_attempts", Args: map[string]any{"minutes": minutes}}); got != want[i] {
				t.Errorf("%s, %d: %q", lang, minutes, got)
			}
		}
		// Without the number there is still a whole sentence.
		v := s.view(&Page{Name: Login, Data: LoginData{}}, 429, s.catalogue.pick(lang), "")
		if got := v.Say(&Message{ID: "problem_too_many_attempts"}); got != want[0] {
			t.Errorf("%s: %q", lang, got)
		}
	}
}

func TestTheLanguageIsTheOneThatSuitsBest(t *testing.T) {
	dir := t.TempDir()
	for name, body := range map[string]string{"ar.json": `{"login_title": "تسجيل الدخول"}`, "de-CH.json": `{"login_title": "Aamelde"}`, "en-GB.json": `{}`} {
		put(t, dir, name, body)
	}
	s := newSet(t, Brand{Locales: dir})
	for accept, want := range map[string]string{
		"": "en", "de": "de", "de-AT,en;q=0.5": "de", "de-CH": "de-CH", "fr,de;q=0.8": "de", "fr": "en", "en-US": "en", "en-GB": "en-GB", "en;q=0.1,de;q=0.9": "de",
		"*": "en", "ar-EG": "ar", "x": "en", ";;;": "en", strings.Repeat("de-", 5000): "en", "de, " + strings.Repeat("xx-YY,", 500): "de",
	} {
		if got := s.catalogue.pick(accept).lang; got != want {
			t.Errorf("%.40q: %s, want %s", accept, got, want)
		}
	}
	page := Page{Name: Login, Data: LoginData{Methods: []Method{{Name: "password"}}}}
	_, doc := write(t, s, 200, page, "Accept-Language", "ar")
	if root := all(doc, "html")[0]; attr(root, "dir") != "rtl" || attr(root, "lang") != "ar" || text(all(doc, "h1")[0]) != "تسجيل الدخول" {
		t.Errorf("Arabic: %v %q", root.Attr, text(all(doc, "h1")[0]))
	}
	if got := text(all(doc, "button")[1]); got != "Sign in" {
		t.Errorf("what is not translated is said in English, not %q", got)
	}
	_, doc = write(t, s, 200, page, "Accept-Language", "de-CH")
	if text(all(doc, "h1")[0]) != "Aamelde" || text(all(doc, "button")[1]) != "Anmelden" {
		t.Error("Swiss German does not fall back to German")
	}
}

func TestAnUnknownCodeSaysWhatItsStatusSays(t *testing.T) {
	s := newSet(t, Brand{})
	for _, tt := range []struct {
		status      int
		id, en, tit string
	}{
		{409, "problem_of_tomorrow", "We could not do this. Please go back and try again.", "That did not work"},
		{503, "problem_of_tomorrow", "Something went wrong on our side. Please try again in a moment.", "Back in a moment"},
		{200, "done_tomorrow", "Done.", ""},
	} {
		v := s.view(&Page{Name: Error, Data: ErrorData{Status: tt.status, Code: strings.TrimPrefix(tt.id, "problem_")}}, tt.status, s.catalogue.pick("en"), "")
		if got := v.Say(&Message{ID: tt.id}); got != tt.en {
			t.Errorf("%s: %q", tt.id, got)
		}
		if tt.tit != "" && (v.ErrorTitle() != tt.tit || v.ErrorText() != tt.en) {
			t.Errorf("%s: %q, %q", tt.id, v.ErrorTitle(), v.ErrorText())
		}
	}
}
