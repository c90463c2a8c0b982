package pages

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// rgb is a colour of sRGB.
type rgb struct{ r, g, b uint8 }

var (
	white = rgb{255, 255, 255}
	black = rgb{0, 0, 0}
)

var hexColour = regexp.MustCompile(`^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$`)

// parseColour parses "#0a7" and "#00aa77". It refuses anything else, so that nothing else gets into the style sheet.
func parseColour(s string) (rgb, error) {
	if !hexColour.MatchString(s) {
		return rgb{}, fmt.Errorf("%q is no colour that is understood here: write it as \"#0a7\" or \"#00aa77\"", s)
	}
	s = s[1:]
	if len(s) == 3 {
		s = string([]byte{s[0], s[0], s[1], s[1], s[2], s[2]})
	}
	n, err := strconv.ParseUint(s, 16, 24)
	return rgb{uint8(n >> 16), uint8(n >> 8), uint8(n)}, err
}

func (c rgb) String() string { return fmt.Sprintf("#%02x%02x%02x", c.r, c.g, c.b) }

// luminance is the relative luminance of WCAG 2.2.
func (c rgb) luminance() float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// mix returns c mixed with a part of d, from 0 to 1.
func (c rgb) mix(d rgb, part float64) rgb {
	blend := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-part) + float64(b)*part)) }
	return rgb{blend(c.r, d.r), blend(c.g, d.g), blend(c.b, d.b)}
}

// until mixes c with as much of d as it takes to reach the contrast ratio on all grounds.
func (c rgb) until(ratio float64, d rgb, grounds ...rgb) rgb {
	for part := 0.0; part < 1; part += 0.02 {
		m, ok := c.mix(d, part), true
		for _, g := range grounds {
			ok = ok && contrast(m, g) >= ratio
		}
		if ok {
			return m
		}
	}
	return d
}

// Contrast ratios that WCAG 2.2 AA requires.
const (
	ratioText    = 4.5 // 1.4.3
	ratioControl = 3.0 // 1.4.11
)

// surface is a background of the accent. Its values are those of the style sheet, as a test checks.
type surface struct{ page, card, far rgb }

var (
	light = surface{page: rgb{0xf4, 0xf5, 0xf7}, card: white, far: black}
	dark  = surface{page: rgb{0x0f, 0x11, 0x15}, card: rgb{0x18, 0x1b, 0x21}, far: white}
)

// palette holds the colours derived from the accent on one surface. They keep text readable on and in any accent
// colour.
type palette struct {
	accent, on, hover rgb // fill of a button, text on it, fill under the pointer
	edge              rgb // border of a button, visible even if its fill is that of the card
	text, soft        rgb // links and focus rings; a tint for backgrounds
}

func newPalette(accent rgb, s surface) palette {
	p := palette{accent: accent, on: white, hover: accent.mix(black, 0.14)}
	if contrast(accent, white) < ratioText {
		// If white has less than 4.5, black has more: their ratios multiply to 21.
		p.on, p.hover = black, accent.mix(white, 0.18)
	}
	p.soft = s.card.mix(accent, 0.1)
	p.edge = accent.until(ratioControl, s.far, s.card)
	p.text = accent.until(ratioText, s.far, s.card, s.page, p.soft)
	return p
}

// accentCSS returns the custom properties of both colour schemes.
func accentCSS(accent rgb) string {
	var b strings.Builder
	write := func(p palette) {
		fmt.Fprintf(&b, ":root{--accent:%s;--on-accent:%s;--accent-hover:%s;--accent-edge:%s;--accent-text:%s;--accent-soft:%s}",
			p.accent, p.on, p.hover, p.edge, p.text, p.soft)
	}
	write(newPalette(accent, light))
	b.WriteString("\n@media (prefers-color-scheme:dark){")
	write(newPalette(accent, dark))
	b.WriteString("}\n")
	return b.String()
}
