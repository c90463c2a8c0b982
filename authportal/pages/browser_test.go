package pages

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is started for the first test that asks for it; TestMain stops it.
type browser struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

var shared browser

func (b *browser) start(path string) {
	alloc, stopProcess := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-background-networking", true), chromedp.Flag("lang", "en"))...)
	ctx, cancel := chromedp.NewContext(alloc)
	b.ctx, b.stop, b.err = ctx, func() { cancel(); stopProcess() }, chromedp.Do(ctx)
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	os.Exit(code)
}

// chromium opens a profile of its own in the browser; without one the test is skipped, but for CI.
func chromium(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no Chromium")
		}
		t.Skip("there is no Chromium")
	}
	shared.once.Do(func() { shared.start(path) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	ctx, cancel := chromedp.NewContext(shared.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// window sets the size of the browser's window and the colour scheme that the person prefers.
func window(t *testing.T, ctx context.Context, width, height int64, scheme string) {
	t.Helper()
	_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height,
		DeviceScaleFactor: 1, Mobile: width < 600})
	if err == nil {
		_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func visit(t *testing.T, ctx context.Context, address string) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		t.Fatalf("%s: %v", address, err)
	}
}

// evaluate returns the value of an expression on the page; it may be a promise.
func evaluate(t *testing.T, ctx context.Context, expression string) string {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// faults collects what the browser complains of: scripts that throw, and breaches of the Content-Security-Policy.
type faults struct {
	mu   sync.Mutex
	list []string
}

func listen(t *testing.T, ctx context.Context) *faults {
	t.Helper()
	f := &faults{}
	err := chromedp.Listen(ctx, func(e any) {
		f.mu.Lock()
		defer f.mu.Unlock()
		switch e := e.(type) {
		case *log.EventEntryAdded:
			// The page itself is often an error on purpose.
			if !strings.HasPrefix(e.Entry.Text, "Failed to load resource: the server responded with a status of") {
				f.list = append(f.list, e.Entry.Text)
			}
		case *runtime.EventExceptionThrown:
			f.list = append(f.list, e.ExceptionDetails.Text)
		}
	})
	if err == nil {
		_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *faults) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.list
	f.list = nil
	return list
}

// serveSamples serves every sample at "/<name>", and what pages load.
func serveSamples(t *testing.T, s *Set) *httptest.Server {
	t.Helper()
	pages := map[string]sample{}
	for _, p := range staying() {
		pages["/"+p.name] = p
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, ok := strings.CutPrefix(r.URL.Path, "/.gatehouse"); ok {
			r.URL.Path = path
			s.Assets().ServeHTTP(w, r)
			return
		}
		p, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if l := r.URL.Query().Get("lang"); l != "" {
			r.Header.Set("Accept-Language", l)
		}
		s.Write(w, r, p.status, p.Page)
	}))
	t.Cleanup(server.Close)
	return server
}

// A page that is wider than the window scrolls sideways: 320 px is a small phone, and a desk at 400 % (WCAG 1.4.10).
const overflow = `String(document.documentElement.scrollWidth - document.documentElement.clientWidth)`

// Every control is large enough for a thumb (WCAG 2.5.8 asks for 24 px), inline links excepted.
const smallTargets = `[...document.querySelectorAll('button, .button, input:not([type=hidden]), summary')].filter(e => e.offsetParent && e.type !== 'checkbox' && e.type !== 'radio')
	.filter(e => e.getBoundingClientRect().height < 36).map(e => e.outerHTML.slice(0, 80)).join('\n')`

func TestEveryPageInABrowser(t *testing.T) {
	ctx := chromium(t)
	set, err := New(Brand{Name: "Example"})
	if err != nil {
		t.Fatal(err)
	}
	server := serveSamples(t, set)
	f := listen(t, ctx)
	window(t, ctx, 320, 640, "light")
	for _, p := range staying() {
		for _, lang := range []string{"en", "de"} {
			visit(t, ctx, server.URL+"/"+p.name+"?lang="+lang)
			if wide := evaluate(t, ctx, overflow); wide != "0" {
				t.Errorf("%s in %s: %s px wider than a window of 320 px", p.name, lang, wide)
			}
			if small := evaluate(t, ctx, smallTargets); small != "" {
				t.Errorf("%s in %s: too small to hit:\n%s", p.name, lang, small)
			}
			// The style sheet and the script have arrived.
			if got := evaluate(t, ctx, `getComputedStyle(document.querySelector('.stage')).display`); got != "flex" {
				t.Errorf("%s in %s: not styled", p.name, lang)
			}
			if got := evaluate(t, ctx, `String(document.querySelectorAll('.peek[hidden]').length)`); got != "0" {
				t.Errorf("%s in %s: a password has no button to show it", p.name, lang)
			}
			for _, fault := range f.take() {
				t.Errorf("%s in %s: %s", p.name, lang, fault)
			}
		}
	}
}

func TestTheMeterOfANewPasswordTellsWithoutANetwork(t *testing.T) {
	ctx := chromium(t)
	set, err := New(Brand{Name: "Example"})
	if err != nil {
		t.Fatal(err)
	}
	server := serveSamples(t, set)
	f := listen(t, ctx)
	const level = `(() => { const m = document.querySelector('.strength'); return m.hidden ? 'hidden' : m.dataset.level + ' ' + m.querySelector('.word').textContent })()`
	typed := func(text string) string {
		return evaluate(t, ctx, `(() => { const i = document.querySelector('[autocomplete=new-password]'); i.value = `+strconv.Quote(text)+`; i.dispatchEvent(new Event('input', { bubbles: true })); return `+level+` })()`)
	}
	for _, scheme := range []string{"light", "dark"} {
		window(t, ctx, 320, 640, scheme)
		for lang, words := range map[string][4]string{
			"en": {"weak", "fair", "good", "strong"}, "de": {"schwach", "mäßig", "gut", "stark"},
		} {
			visit(t, ctx, server.URL+"/signup-problem?lang="+lang) // of Grace Hopper
			for text, want := range map[string]int{"short": 0, "P@ssw0rd2024": 0, "abcdefghijkl": 0, "aaaaaaaaaaaaaaaa": 0, "GraceHopper1": 0, "xkqz7vdt": 1, "correct horse battery staple": 3} {
				if got := typed(text); got[:2] != strconv.Itoa(want)+" " || !strings.HasSuffix(got, words[want]) {
					t.Errorf("%s, %q: %q, want %q", lang, text, got, words[want])
				}
			}
			if wide := evaluate(t, ctx, overflow); wide != "0" {
				t.Errorf("%s: %s px too wide", lang, wide)
			}
			if got := typed(""); got != "hidden" {
				t.Errorf("nothing typed: %q", got)
			}
			if got := evaluate(t, ctx, `document.querySelector('.strength .word').ariaLive`); got != "polite" {
				t.Errorf("aria-live is %q", got)
			}
		}
	}
	for _, fault := range f.take() {
		t.Error(fault)
	}
}

// Only new passwords have a meter. Without a script none shows.
func TestNewPasswordsAloneHaveAMeter(t *testing.T) {
	s := newSet(t, Brand{})
	for _, p := range staying() {
		_, doc := write(t, s, p.status, p.Page)
		meters, fields := 0, 0
		for _, n := range all(doc, "div", "input") {
			if attr(n, "class") == "strength" {
				meters++
				if !has(n, "hidden") {
					t.Errorf("%s: the meter shows without a script", p.name)
				}
			}
			if attr(n, "autocomplete") == "new-password" {
				fields++
			}
		}
		if fields > 0 && (&View{Page: p.Page}).minLength() == 0 {
			t.Errorf("%s: sets a password of unknown length", p.name)
		}
		if meters != fields {
			t.Errorf("%s: %d meters for %d new passwords", p.name, meters, fields)
		}
	}
}

// staying are the samples of pages that a browser does not leave by itself.
func staying() []sample {
	return slices.DeleteFunc(samples(), func(p sample) bool { return p.name == "login-post" })
}
