package pages

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"log/slog"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Brand is the operator's customization of the pages.
type Brand struct {
	Name      string // shown on every page; default "Gatehouse"
	Logo      string // file: SVG, PNG, JPEG or WebP of at most 512 KiB; empty: a mark with the first letter of Name
	Accent    string // colour as "#0a7" or "#00aa77"; default: a blue
	Templates string // directory of templates that replace the built-in ones by file name
	Locales   string // directory of translations that add to or replace the built-in ones

	Log *slog.Logger // gets errors of replaced templates that occur only with real data; nil: discarded
}

const (
	defaultName   = "Gatehouse"
	defaultAccent = "#3553c9"
	maxName       = 80 // characters
	maxLogo       = 512 << 10
)

// check validates the brand, sets its defaults and returns its accent.
func (b *Brand) check() (rgb, error) {
	if b.Name == "" {
		b.Name = defaultName
	}
	if n := utf8.RuneCountInString(b.Name); !utf8.ValidString(b.Name) || n > maxName || strings.ContainsFunc(b.Name, unicode.IsControl) {
		return rgb{}, fmt.Errorf("name: must be one line of at most %d characters", maxName)
	}
	if b.Accent == "" {
		b.Accent = defaultAccent
	}
	accent, err := parseColour(b.Accent)
	if err != nil {
		return rgb{}, fmt.Errorf("accent: %w", err)
	}
	return accent, nil
}

// image is a logo file.
type image struct {
	ext, kind string
	data      []byte
}

// readLogo reads the logo. It determines the type by the content: otherwise an HTML file called logo.png could be
// served from the host that users trust with their passwords.
func readLogo(file string) (*image, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("logo: %w: name a file that this server may read", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxLogo+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("logo: %w: name a file that this server may read", err)
	case len(data) > maxLogo:
		return nil, fmt.Errorf("logo %s: larger than 512 KiB: give a smaller one", file)
	}
	kinds := []struct {
		image
		is bool
	}{
		{image{ext: "svg", kind: "image/svg+xml"}, isSVG(data)},
		{image{ext: "png", kind: "image/png"}, bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n"))},
		{image{ext: "jpg", kind: "image/jpeg"}, bytes.HasPrefix(data, []byte("\xff\xd8\xff"))},
		{image{ext: "webp", kind: "image/webp"}, len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP"},
	}
	for _, k := range kinds {
		if k.is {
			k.data = data
			return &k.image, nil
		}
	}
	return nil, fmt.Errorf("logo %s: neither SVG nor PNG, JPEG or WebP: give it in one of these", file)
}

// isSVG reports whether the root element is svg.
func isSVG(data []byte) bool {
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		t, err := d.Token()
		if err != nil {
			return false
		}
		if e, ok := t.(xml.StartElement); ok {
			return e.Name.Local == "svg"
		}
	}
}

// newIcon draws the icon of a brand without a logo: its first letter on the accent, or the Gatehouse icon.
func newIcon(name string, accent rgb) *image {
	p := newPalette(accent, light)
	inside := `<path fill="none" stroke="` + p.on.String() + `" stroke-width="5" stroke-linecap="round" d="M20 47V31a12 12 0 0 1 24 0v16"/>` +
		`<circle cx="32" cy="35" r="3.5" fill="` + p.on.String() + `"/><path stroke="` + p.on.String() + `" stroke-width="3" stroke-linecap="round" d="M32 36v9"/>`
	if name != defaultName {
		letter, _ := utf8.DecodeRuneInString(strings.TrimSpace(name))
		inside = `<text x="32" y="44" text-anchor="middle" font-family="system-ui,-apple-system,'Segoe UI',Roboto,sans-serif" font-size="34" font-weight="600" fill="` +
			p.on.String() + `">` + html.EscapeString(string(unicode.ToUpper(letter))) + `</text>`
	}
	return &image{ext: "svg", kind: "image/svg+xml", data: []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="15" fill="` +
		p.accent.String() + `"/>` + inside + `</svg>`)}
}

// readDirectory lists the files of a directory of the brand.
func readDirectory(setting, dir string) ([]os.DirEntry, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: name a directory that this server may read", setting, err)
	}
	return list, nil
}
