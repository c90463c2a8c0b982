//go:build screenshots

package pages

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

var (
	screenshots = flag.String("screenshots", "", "directory to write a picture of every page to, as phones and desks see it, in light and dark")
	onlyPages   = flag.String("page", "", "how the names of the pages begin that pictures are written of; empty: of all")
)

// TestScreenshots is for people who change how pages look:
// go test -tags screenshots ./authportal/pages -run TestScreenshots -screenshots <directory> [-page admin]
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Fatal("say where to with -screenshots <directory>")
	}
	ctx := chromium(t)
	for _, b := range []struct {
		prefix string
		brand  Brand
	}{{"", Brand{Name: "Example"}}, {"plain-", Brand{}}, {"yellow-", Brand{Name: "Sunny & Co", Accent: "#ffd400"}}} {
		set, err := New(b.brand)
		if err != nil {
			t.Fatal(err)
		}
		server := serveSamples(t, set)
		for _, p := range staying() {
			if b.prefix != "" && p.name != "login" && p.name != "forbidden" || !strings.HasPrefix(p.name, *onlyPages) {
				continue
			}
			for _, look := range []struct {
				name          string
				width, height int64
				scheme, lang  string
			}{{"phone", 390, 844, "light", "en"}, {"phone-dark", 390, 844, "dark", "de"}, {"desk", 1280, 900, "light", "en"}, {"desk-dark", 1280, 900, "dark", "en"}} {
				window(t, ctx, look.width, look.height, look.scheme)
				visit(t, ctx, fmt.Sprintf("%s/%s?lang=%s", server.URL, p.name, look.lang))
				png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(*screenshots, b.prefix+p.name+"-"+look.name+".png"), png, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
