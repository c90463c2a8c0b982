package authportal

import (
	"encoding/base64"
	"net/http"
	"testing"
)

func TestChallengeOfTheBrowser(t *testing.T) {
	negotiate := func(b *browser, at, ticket string) page {
		r, err := http.NewRequest(http.MethodGet, at, nil)
		if err != nil {
			b.w.t.Fatal(err)
		}
		r.Header.Set("Authorization", "Negotiate "+base64.StdEncoding.EncodeToString([]byte(ticket)))
		return b.do(r)
	}
	t.Run("once in a sign-in, with the form on the page", func(t *testing.T) {
		p := newProviders(t)
		b := p.browser()
		flow := b.get(app + "/x").url.Query().Get("flow")
		for i, want := range []int{401, 200, 200} {
			got := b.get(auth + "/login/kerb?flow=" + flow)
			got.wants(t, want, `"Name":"password"`)
			if h := got.Header.Get("WWW-Authenticate"); (h == "Negotiate") != (i == 0) {
				t.Errorf("time %d: %q", i+1, h)
			}
		}
		b.get(auth+"/login/kerb").wants(t, 401, "") // another sign-in
		negotiate(b, auth+"/login/kerb?flow="+flow, "ticket of ada").wants(t, 200, "hello ada at app.example.com/x")
	})
	t.Run("a bad ticket is refused, and no second challenge follows", func(t *testing.T) {
		p := newProviders(t)
		b := p.browser()
		got := negotiate(b, auth+"/login/kerb", "garbage")
		if got.StatusCode != 401 || got.Header.Get("WWW-Authenticate") == "Negotiate" ||
			b.cookie(auth, "__Host-gatehouse") != "" {
			t.Errorf("%d %v", got.StatusCode, got.Header)
		}
	})
	t.Run("a program is challenged too", func(t *testing.T) {
		p := newProviders(t)
		got := p.browser().api("POST", loginCall, `{"method":"kerb"}`)
		if got.StatusCode != 401 || got.code() != "login_required" ||
			got.Header.Values("WWW-Authenticate")[0] != "Negotiate" {
			t.Errorf("%d %s %v", got.StatusCode, got.body, got.Header["Www-Authenticate"])
		}
		b := p.browser()
		r := b.apiRequest("POST", loginCall, `{"method":"kerb"}`)
		r.Header.Set("Authorization", "Negotiate "+base64.StdEncoding.EncodeToString([]byte("ticket of ada")))
		b.onceDo(r).wants(t, 200, "signed_in")
	})
}
