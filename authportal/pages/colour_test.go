package pages

import (
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"strings"
	"testing"
)

// Values of the WCAG's own examples and of common checkers.
func TestContrast(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want float64
	}{{"#000", "#fff", 21}, {"#fff", "#fff", 1}, {"#777777", "#ffffff", 4.48}, {"#767676", "#ffffff", 4.54}, {"#0a7", "#000", 7.01}, {"#ff0000", "#ffffff", 4.0}} {
		a, err := parseColour(tt.a)
		if err != nil {
			t.Fatal(err)
		}
		b, err := parseColour(tt.b)
		if err != nil {
			t.Fatal(err)
		}
		if got := contrast(a, b); math.Abs(got-tt.want) > 0.01 || got != contrast(b, a) {
			t.Errorf("%s on %s: %.2f, want %.2f", tt.a, tt.b, got, tt.want)
		}
	}
}

// Pages can be read in whatever colour an operator chooses.
func TestEveryAccentStaysReadable(t *testing.T) {
	for r := 0; r < 256; r += 15 {
		for g := 0; g < 256; g += 15 {
			for b := 0; b < 256; b += 15 {
				accent := rgb{uint8(r), uint8(g), uint8(b)}
				for _, s := range []surface{light, dark} {
					p := newPalette(accent, s)
					for what, ratio := range map[string][2]float64{
						"text on a button":            {contrast(p.on, p.accent), ratioText},
						"text on a button pointed at": {contrast(p.on, p.hover), ratioText},
						"a link on the card":          {contrast(p.text, s.card), ratioText},
						"a link on the page":          {contrast(p.text, s.page), ratioText},
						"a link on the tint":          {contrast(p.text, p.soft), ratioText},
						"the border of a button":      {contrast(p.edge, s.card), ratioControl},
					} {
						if ratio[0] < ratio[1] {
							t.Fatalf("%s: %s has %.2f", accent, what, ratio[0])
						}
					}
				}
			}
		}
	}
}

func TestBlackOrWhiteOnTheAccent(t *testing.T) {
	for accent, want := range map[string]rgb{"#ffd400": black, "#0a7": black, "#3553c9": white, "#000": white, "#fff": black, "#c00": white} {
		c, err := parseColour(accent)
		if err != nil {
			t.Fatal(err)
		}
		if got := newPalette(c, light).on; got != want {
			t.Errorf("text on %s is %s", accent, got)
		}
	}
}

// The colours of the style sheet itself.
func TestTheStyleSheetKeepsItsContrasts(t *testing.T) {
	raw, err := fs.ReadFile(files, "assets/style.css")
	if err != nil {
		t.Fatal(err)
	}
	lightCSS, rest, found := strings.Cut(string(raw), "@media (prefers-color-scheme: dark)")
	if !found {
		t.Fatal("no dark colours")
	}
	for scheme, css := range map[string]string{"light": lightCSS, "dark": rest[:strings.Index(rest, "*, *::before")]} {
		colours := map[string]rgb{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
			if colours[m[1]], err = parseColour(m[2]); err != nil {
				t.Fatal(err)
			}
		}
		s := map[string]surface{"light": light, "dark": dark}[scheme]
		if colours["page"] != s.page || colours["card"] != s.card {
			t.Errorf("%s: page and card are %s and %s, in colour.go %s and %s", scheme, colours["page"], colours["card"], s.page, s.card)
		}
		for _, pair := range []struct {
			over, ground string
			ratio        float64
		}{
			{"text", "card", ratioText}, {"text", "page", ratioText}, {"text", "input", ratioText}, {"text", "good-soft", ratioText},
			{"dim", "card", ratioText}, {"dim", "page", ratioText}, {"bad", "card", ratioText}, {"bad", "bad-soft", ratioText}, {"good", "good-soft", ratioText},
			{"control", "card", ratioControl}, {"control", "input", ratioControl},
		} {
			over, ok := colours[pair.over]
			ground, ok2 := colours[pair.ground]
			if got := contrast(over, ground); !ok || !ok2 || got < pair.ratio {
				t.Errorf("%s: %s on %s has %.2f, needs %.1f", scheme, pair.over, pair.ground, got, pair.ratio)
			}
		}
	}
}

func TestTheStyleSheetHoldsTheAccent(t *testing.T) {
	s := newSet(t, Brand{Accent: "#0A7"})
	css := string(s.style.data)
	for _, want := range []string{"--accent:#00aa77;--on-accent:#000000", "@media (prefers-color-scheme:dark)"} {
		if !strings.Contains(css, want) {
			t.Errorf("no %s in the style sheet", want)
		}
	}
	if other := newSet(t, Brand{Accent: "#0a8"}); other.style.name == s.style.name {
		t.Error("another accent has the same address")
	}
	if regexp.MustCompile(`https?:|@import|url\(`).MatchString(css) {
		t.Error("the style sheet loads something")
	}
	for _, bad := range []string{"red", "#12", "#12345", "#gggggg", "#fff;}", "rgb(0,0,0)", " #fff", "#fff\n"} {
		if _, err := New(Brand{Accent: bad}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", bad)) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
