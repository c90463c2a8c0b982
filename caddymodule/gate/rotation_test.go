package gate

import (
	"net/http"
	"testing"
)

func TestAnAnswerForSharedCachesGetsNoSecret(t *testing.T) {
	for line, want := range map[string]bool{"": false, "private": false, "no-store": false, "max-age=60": false, "public": true,
		"max-age=60, Public": true, "private, s-maxage=5": true, "S-MaxAge = 5": true, "republic": false} {
		if got := allowsSharedCaching(http.Header{"Cache-Control": {line}}); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
	for _, name := range []string{"Surrogate-Control", "Cdn-Cache-Control", "Cloudflare-Cdn-Cache-Control"} {
		if !allowsSharedCaching(http.Header{name: {"max-age=60"}}) {
			t.Errorf("%s", name)
		}
	}
}
