package gateway

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"

	"github.com/gatehouse-auth/gatehouse/integration/servers"
)

// Chromium is a real browser without a screen. Every host name leads it to this machine, and it takes certificates of
// test sites as they are.
type Chromium struct {
	t   testing.TB // that may restart it
	dir string
	ctx context.Context
}

// shared is the browser of SharedChromium.
var shared struct {
	sync.Mutex
	chromium *Chromium
	stop     func()
}

// SharedChromium returns the one that all tests of a package share: each Window is a profile of its own anyway. It is started
// for the first test that asks, and stopped by StopSharedChromium.
func SharedChromium(t testing.TB) *Chromium {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.chromium == nil {
		c := newChromium(t)
		stop := c.launch(t)
		shared.chromium, shared.stop = c, func() { stop(); _ = os.RemoveAll(c.dir) }
	}
	return shared.chromium
}

// StopSharedChromium is for the end of TestMain.
func StopSharedChromium() {
	shared.Lock()
	defer shared.Unlock()
	if shared.chromium != nil {
		shared.stop()
		shared.chromium = nil
	}
}

// StartChromium runs one for the length of a test, which may Restart it.
func StartChromium(t testing.TB) *Chromium {
	t.Helper()
	c := newChromium(t)
	t.Cleanup(func() { _ = os.RemoveAll(c.dir) })
	c.t = t
	t.Cleanup(c.launch(t))
	return c
}

func newChromium(t testing.TB) *Chromium {
	t.Helper()
	dir, err := os.MkdirTemp("", "gatehouse-chromium-") // not t.TempDir: Chromium still writes while it ends
	if err != nil {
		t.Fatal(err)
	}
	return &Chromium{dir: dir}
}

// launch starts the process; errors are those of the test that waits for it.
func (c *Chromium) launch(t testing.TB) (stop func()) {
	t.Helper()
	alloc, stopProcess := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(servers.Chromium(t)), chromedp.NoSandbox, chromedp.UserDataDir(c.dir), chromedp.Flag("disable-gpu", true),
		chromedp.Flag("host-resolver-rules", "MAP * 127.0.0.1"), chromedp.Flag("ignore-certificate-errors", true), chromedp.Flag("lang", "en"))...)
	ctx, cancel := chromedp.NewContext(alloc)
	stop = func() { cancel(); stopProcess() }
	if err := chromedp.Do(ctx); err != nil {
		stop()
		t.Fatalf("starting Chromium: %v", err)
	}
	c.ctx = ctx
	return stop
}

// Restart closes the browser with all its windows, and starts it again with what its own profile keeps on disk; see Own.
func (c *Chromium) Restart() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, 40*time.Second)
	defer cancel()
	if err := chromedp.Cancel(ctx); err != nil {
		c.t.Fatalf("closing Chromium: %v", err)
	}
	c.t.Cleanup(c.launch(c.t))
}

// Window is one tab of a browser profile.
type Window struct {
	Status int64 // of the page that was loaded last

	t       testing.TB
	ctx     context.Context
	scripts bool
}

// Window opens a profile of its own: no cookies, no cache, like another person's browser.
func (c *Chromium) Window(t testing.TB, scripts bool) *Window {
	t.Helper()
	return newWindow(t, c.ctx, scripts, chromedp.WithNewBrowserContext())
}

// Own opens a tab of the browser's own profile, which outlives Restart.
func (c *Chromium) Own(t testing.TB, scripts bool) *Window {
	t.Helper()
	return newWindow(t, c.ctx, scripts)
}

// Speaks makes the window ask for pages in a language.
func (w *Window) Speaks(language string) *Window {
	w.t.Helper()
	_, err := chromedp.Call(w.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}})
	if err != nil {
		w.t.Fatal(err)
	}
	return w
}

// Tab opens another tab of the same profile.
func (w *Window) Tab() *Window {
	w.t.Helper()
	return newWindow(w.t, w.ctx, w.scripts)
}

func newWindow(t testing.TB, parent context.Context, scripts bool, options ...chromedp.ContextOption) *Window {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	t.Cleanup(cancel)
	w := &Window{t: t, ctx: ctx, scripts: scripts}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	// questions such as "really?" are answered with yes, or they would hold the page up for ever
	err := chromedp.Listen(ctx, func(e any) {
		if _, ok := e.(*page.EventJavascriptDialogOpening); ok {
			go func() {
				_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
			}()
		}
	})
	if err == nil {
		_, err = chromedp.Call(ctx, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
	}
	if err == nil && !scripts {
		_, err = chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// limited bounds one action: it is reached only where what is waited for never comes.
func (w *Window) limited() (context.Context, context.CancelFunc) {
	return context.WithTimeout(w.ctx, 40*time.Second)
}

// loads does what loads a page and waits until it has.
func (w *Window) loads(what string, action chromedp.Action[chromedp.Void]) *Window {
	w.t.Helper()
	ctx, cancel := w.limited()
	defer cancel()
	response, err := chromedp.RunResponse(ctx, action)
	if err != nil {
		w.t.Fatalf("%s: %v\nat %s:\n%s", what, err, w.Address(), w.Text())
	}
	w.Status = 0
	if response != nil {
		w.Status = response.Status
	}
	return w
}

// Open types an address into the address bar.
func (w *Window) Open(address string) *Window {
	w.t.Helper()
	return w.loads("opening "+address, chromedp.Navigate(address))
}

// Reload presses the button of that name.
func (w *Window) Reload() *Window { w.t.Helper(); return w.loads("reloading", chromedp.Reload()) }

// Press clicks on a link or a button, and waits for the page that it leads to.
func (w *Window) Press(css string) *Window {
	w.t.Helper()
	return w.loads("pressing "+css, chromedp.Click(chromedp.CSS(css)))
}

// Click clicks on something that leads nowhere.
func (w *Window) Click(css string) *Window {
	w.t.Helper()
	ctx, cancel := w.limited()
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(css))); err != nil {
		w.t.Fatalf("clicking on %s: %v\n%s", css, err, w.Text())
	}
	return w
}

// Fill types into fields of a form; css and value take turns. What stood there before is replaced.
func (w *Window) Fill(pairs ...string) *Window {
	w.t.Helper()
	ctx, cancel := w.limited()
	defer cancel()
	for i := 0; i+1 < len(pairs); i += 2 {
		field := chromedp.CSS(pairs[i])
		err := chromedp.Do(ctx, chromedp.WaitVisible(field))
		if err == nil {
			w.Ask("document.querySelector(" + strconv.Quote(pairs[i]) + ").value = ''")
			err = chromedp.Do(ctx, chromedp.SendKeys(field, pairs[i+1]))
		}
		if err != nil {
			w.t.Fatalf("filling %s: %v\n%s", pairs[i], err, w.Text())
		}
	}
	return w
}

// Text is what a person reads on the page.
func (w *Window) Text() string { return w.Ask("document.body ? document.body.innerText : ''") }

// Address is what the address bar shows.
func (w *Window) Address() string { return w.Ask("location.href") }

// Ask evaluates an expression on the page; it may be a promise. It works where scripts of pages do not.
func (w *Window) Ask(expression string) string {
	ctx, cancel := w.limited()
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		return "error: " + err.Error()
	}
	return v
}

// Reads fails the test unless the page says all of this.
func (w *Window) Reads(parts ...string) *Window {
	w.t.Helper()
	text := w.Text()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			w.t.Fatalf("no %q at %s (%d):\n%s", part, w.Address(), w.Status, text)
		}
	}
	return w
}

// At fails the test unless the address bar shows this.
func (w *Window) At(address string) *Window {
	w.t.Helper()
	if got := w.Address(); got != address {
		w.t.Fatalf("at %s, not %s:\n%s", got, address, w.Text())
	}
	return w
}

// Cookie returns what the profile keeps under that name for the page that is shown, also where scripts cannot read it.
func (w *Window) Cookie(name string) *network.Cookie {
	w.t.Helper()
	got, err := chromedp.Call(w.ctx, network.GetCookies, network.GetCookiesParams{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range got.Cookies {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// SetCookie gives the profile a cookie for an address.
func (w *Window) SetCookie(address, name, value string) {
	w.t.Helper()
	_, err := chromedp.Call(w.ctx, network.SetCookie, network.SetCookieParams{URL: address, Name: name, Value: value, HTTPOnly: new(true)})
	if err != nil {
		w.t.Fatal(err)
	}
}

// Look sets the size of the window and the colours that the person prefers, and returns a picture of the whole page.
func (w *Window) Look(width int64, scheme string) []byte {
	w.t.Helper()
	_, err := chromedp.Call(w.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 844,
		DeviceScaleFactor: 1, Mobile: width < 600})
	if err == nil {
		_, err = chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	png, err := chromedp.Run(w.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		w.t.Fatal(err)
	}
	return png
}
