package pages

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"
)

// moduleFile is the ES module for pages of an app, the only asset whose URL never changes.
const moduleFile = "gatehouse.js"

// asset is one file that pages load. Its URL contains the hash of its content, so that it can be cached for ever.
type asset struct {
	name, kind string
	data       []byte
	picture    bool
}

func newAsset(ext, kind string, data []byte) *asset {
	sum := sha256.Sum256(data)
	return &asset{name: hex.EncodeToString(sum[:12]) + "." + ext, kind: kind, data: data}
}

func (i *image) asset() *asset {
	a := newAsset(i.ext, i.kind, i.data)
	a.picture = true
	return a
}

// address returns the path of the asset.
func (a *asset) address(base string) string { return base + "/assets/" + a.name }

// assets serves the assets of pages.
type assets struct {
	byName map[string]*asset
	byExt  map[string]*asset
	module []byte
	etag   string
}

func newAssets(module []byte, list ...*asset) *assets {
	sum := sha256.Sum256(module)
	as := &assets{byName: map[string]*asset{}, byExt: map[string]*asset{}, module: module, etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
	for _, a := range list {
		as.byName[a.name] = a
		if !a.picture {
			as.byExt[path.Ext(a.name)] = a
		}
	}
	return as
}

// ServeHTTP serves "/assets/<file>" and "/gatehouse.js".
func (as *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if r.URL.Path == "/"+moduleFile {
		as.serveModule(w, r)
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, "/assets/")
	a := as.byName[name]
	if a != nil {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else if a = as.byExt[path.Ext(name)]; ok && a != nil && hashed(name) {
		// A page of another version, during an upgrade: serve the present style sheet rather than none.
		h.Set("Cache-Control", "no-store")
	} else {
		h.Set("Cache-Control", "no-store")
		http.NotFound(w, r)
		return
	}
	h.Set("Content-Type", a.kind)
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if a.kind == "image/svg+xml" {
		// Opened directly, an SVG is a document that may run scripts. The sandbox forbids that.
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.data))
}

// serveModule serves the module to pages of any origin. It contains no user data, and a browser imports a module of
// another origin only if that origin allows it. `cors` decides whether the page may then call the API.
func (as *assets) serveModule(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("ETag", as.etag)
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(as.module))
}

// hashed reports whether a file name has the form "<hash>.<ext>".
func hashed(name string) bool {
	hash, _, _ := strings.Cut(name, ".")
	_, err := hex.DecodeString(hash)
	return err == nil && len(hash) == 24 && len(name) < 32
}
