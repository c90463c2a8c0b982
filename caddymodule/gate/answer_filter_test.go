package gate

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func filtered(answer func(w http.ResponseWriter)) http.Header {
	rec := httptest.NewRecorder()
	f := answerFilter{ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: rec}, exchange: new(exchange)}
	answer(&f)
	f.finish()
	return rec.Result().Header
}

func TestUpstreamsCannotSetOurCookies(t *testing.T) {
	for _, line := range []string{
		"__Host-gatehouse=x; Path=/; Secure", "gatehouse=x", " gatehouse = x", "__host-gatehouse=x", "GATEHOUSE=x",
		"__Host-gatehouse-flow=x", "gatehouse-flow=; Max-Age=0", "=__Host-gatehouse=x", "==gatehouse=x", "__Host-gatehouse",
	} {
		h := filtered(func(w http.ResponseWriter) {
			w.Header().Add("Set-Cookie", line)
			w.Header().Add("Set-Cookie", "theme=dark")
			w.WriteHeader(http.StatusOK)
		})
		if got := strings.Join(h["Set-Cookie"], "|"); got != "theme=dark" {
			t.Errorf("%q: %q", line, got)
		}
	}
}

func TestCookiesOfUpstreamsPass(t *testing.T) {
	for _, line := range []string{"gatehouse2=x", "my-gatehouse=x", "a=gatehouse=x", "session=1; Path=/gatehouse"} {
		h := filtered(func(w http.ResponseWriter) {
			w.Header().Set("Set-Cookie", line)
			w.WriteHeader(http.StatusOK)
		})
		if h.Get("Set-Cookie") != line {
			t.Errorf("%q is gone", line)
		}
	}
}

func TestClearSiteDataCannotSignOut(t *testing.T) {
	for sent, want := range map[string]string{`"cookies"`: "", `"*"`: "", `"cache", "cookies"`: `"cache"`, `"storage"`: `"storage"`, `"COOKIES"`: "", `*`: ""} {
		h := filtered(func(w http.ResponseWriter) {
			w.Header().Set("Clear-Site-Data", sent)
			w.WriteHeader(http.StatusOK)
		})
		if got := h.Get("Clear-Site-Data"); got != want {
			t.Errorf("%s: %q, want %q", sent, got, want)
		}
	}
}

func TestAnAnswerWithoutWriteHeaderIsFilteredToo(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter){
		"written at once": func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")) },
		"never written":   func(http.ResponseWriter) {},
		"early hints first": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Set("Set-Cookie", "gatehouse=x")
			w.WriteHeader(http.StatusOK)
		},
	} {
		h := filtered(func(w http.ResponseWriter) {
			w.Header().Set("Set-Cookie", "gatehouse=x")
			answer(w)
		})
		if h["Set-Cookie"] != nil {
			t.Errorf("%s: %q", name, h["Set-Cookie"])
		}
	}
}

func TestTheFilterLeavesTheUpstreamsSliceAlone(t *testing.T) {
	lines := []string{"gatehouse=x", "a=1"}
	filtered(func(w http.ResponseWriter) {
		w.Header()["Set-Cookie"] = lines
		w.WriteHeader(http.StatusOK)
	})
	if lines[0] != "gatehouse=x" || lines[1] != "a=1" {
		t.Errorf("changed to %q", lines)
	}
}

// net/http takes a name with a prefix for a trailer that was never announced; the upstream's are copied there.
func TestTrailersAreFilteredToo(t *testing.T) {
	rec := httptest.NewRecorder()
	f := answerFilter{ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: rec}, exchange: new(exchange)}
	h := f.Header()
	h.Set("Trailer", "Set-Cookie, X-Checksum")
	f.WriteHeader(http.StatusOK)
	h.Set(http.TrailerPrefix+"Set-Cookie", "gatehouse=x")
	h[http.TrailerPrefix+"clear_site-data"] = []string{`"*"`}
	h.Set("X-Checksum", "1")
	h.Set("Set-Cookie", "gatehouse=x")
	f.finish()
	if len(h) != 2 || h["X-Checksum"] == nil || h["Trailer"] == nil {
		t.Errorf("left %v", h)
	}
}
