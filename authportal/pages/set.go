package pages

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// Set holds all pages and messages in all languages. It is safe for concurrent use.
type Set struct {
	brand     Brand
	templates map[string]*template.Template
	letters   map[string]*letter
	catalogue *catalogue
	assets    *assets
	style     *asset
	script    *asset
	icon      *asset
	logo      *asset // nil: none
}

// New reads and checks templates, translations and logo, so that a broken one fails at the start and not at a request.
// An error names the setting or file, the line, and what to do.
func New(b Brand) (*Set, error) {
	accent, err := b.check()
	if err != nil {
		return nil, err
	}
	s := &Set{brand: b}
	if s.catalogue, err = loadCatalogue(b); err != nil {
		return nil, err
	}
	sources, err := readSources(b.Templates)
	if err != nil {
		return nil, err
	}
	if s.templates, err = sources.parse(s.catalogue.locales[0]); err != nil {
		return nil, err
	}
	if err := s.loadAssets(accent, sources); err != nil {
		return nil, err
	}
	if err := s.loadLetters(); err != nil {
		return nil, err
	}
	return s, s.rehearse()
}

func loadCatalogue(b Brand) (*catalogue, error) {
	ours, err := fs.Glob(files, "locales/*.json")
	if err != nil {
		return nil, err
	}
	var own, theirs []*localeFile
	for _, name := range ours {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		f, err := readLocale(name, raw)
		if err != nil {
			return nil, err
		}
		own = append(own, f)
	}
	if b.Locales != "" {
		list, err := readDirectory("locales", b.Locales)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if filepath.Ext(e.Name()) != ".json" {
				continue
			}
			file := filepath.Join(b.Locales, e.Name())
			raw, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("locales: %w: make it a file that this server may read", err)
			}
			f, err := readLocale(file, raw)
			if err != nil {
				return nil, fmt.Errorf("locales: %w", err)
			}
			theirs = append(theirs, f)
		}
		if len(theirs) == 0 {
			return nil, fmt.Errorf("locales: no .json file in %s: put one there, such as fr.json, or take the setting out", b.Locales)
		}
	}
	c, err := newCatalogue(b.Name, own, theirs)
	if err != nil {
		return nil, fmt.Errorf("locales: %w", err)
	}
	return c, nil
}

func (s *Set) loadAssets(accent rgb, src *source) error {
	tables, err := fs.ReadFile(files, "assets/guessable.js")
	if err != nil {
		return err
	}
	script, err := fs.ReadFile(files, "assets/pages.js")
	if err != nil {
		return err
	}
	module, err := fs.ReadFile(files, "assets/"+moduleFile)
	if err != nil {
		return err
	}
	s.style = newAsset("css", "text/css; charset=utf-8", []byte(src.text[styleFile]+"\n"+accentCSS(accent)+src.text[extraFile]))
	s.script = newAsset("js", "text/javascript; charset=utf-8", slices.Concat(tables, script))
	s.icon = newIcon(s.brand.Name, accent).asset()
	list := []*asset{s.style, s.script, s.icon}
	if s.brand.Logo != "" {
		logo, err := readLogo(s.brand.Logo)
		if err != nil {
			return err
		}
		s.logo = logo.asset()
		list = append(list, s.logo)
	}
	s.assets = newAssets(module, list...)
	return nil
}

// rehearse renders all pages with made-up data, to find templates that use fields that do not exist.
func (s *Set) rehearse() error {
	for _, p := range samples() {
		v := s.view(&p.Page, p.status, s.catalogue.locales[0], "nonce")
		if err := s.templates[p.Name].Execute(io.Discard, v); err != nil {
			return fmt.Errorf("templates: %w: correct the file, or take it out to have ours back", err)
		}
	}
	return nil
}

func (s *Set) view(p *Page, status int, l *locale, nonce string) *View {
	v := &View{Page: *p, Status: status, Lang: l.lang, Dir: l.dir, Nonce: nonce, locale: l}
	v.Base = localBase(p.Base)
	v.Brand = BrandView{Name: s.brand.Name, Icon: s.icon.address(v.Base)}
	v.Style, v.Script = s.style.address(v.Base), s.script.address(v.Base)
	if s.logo != nil {
		v.Brand.Logo = s.logo.address(v.Base)
	}
	return v
}

// Write responds with a page. It renders the page before it sends the first byte, so that an error is a 500 and not
// half a page.
func (s *Set) Write(w http.ResponseWriter, r *http.Request, status int, p Page) {
	nonce := rand.Text()
	l := s.catalogue.pick(r.Header.Get("Accept-Language"))
	h := w.Header()
	safetyHeaders(h, nonce, p.LeavesSite, p.FormAction)
	if p.SecretInURL {
		h.Set("Referrer-Policy", "strict-origin")
	}
	var b bytes.Buffer
	if err := s.render(&b, &p, status, l, nonce); err != nil {
		if s.brand.Log != nil {
			s.brand.Log.LogAttrs(r.Context(), slog.LevelError, "page could not be written", slog.String("page", p.Name), slog.Any("error", err))
		}
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	page := bytes.TrimSpace(b.Bytes()) // drop the text between definitions
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	h.Set("Content-Language", l.lang)
	h.Add("Vary", "Accept-Language")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(page)
	}
}

func (s *Set) render(b *bytes.Buffer, p *Page, status int, l *locale, nonce string) error {
	t := s.templates[p.Name]
	if t == nil {
		return fmt.Errorf("there is no page %q", p.Name)
	}
	return t.Execute(b, s.view(p, status, l, nonce))
}

// Assets serves style sheet, scripts and logo: "/assets/<file>" and "/gatehouse.js" below the base, which the caller
// has stripped from the path.
func (s *Set) Assets() http.Handler { return s.assets }
