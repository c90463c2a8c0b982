package authportal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/signin"
)

func TestFormPostProvider(t *testing.T) {
	at := auth + "/callback/forms"
	// began starts at the provider and returns the form that the provider has the browser post.
	began := func(t *testing.T, p *providers, b *browser) url.Values {
		t.Helper()
		return p.forms.SignIn(b.get(auth+"/login/forms").sent(t), person("ada"))
	}
	t.Run("the post is kept, and processed once the browser's cookie is there", func(t *testing.T) {
		p := newProviders(t)
		b := p.browser()
		got := p.posted(at, began(t, p, b))
		next := got.Header.Get("Location")
		if got.StatusCode != http.StatusSeeOther || !strings.HasPrefix(next, "/callback/forms/continue?ticket=") ||
			len(got.Header["Set-Cookie"]) > 0 {
			t.Fatalf("%d to %q, cookies %v", got.StatusCode, next, got.Header["Set-Cookie"])
		}
		p.reload()
		if got := b.get(auth + next); got.url.Path != "/account" || b.cookie(auth, "__Host-gatehouse") == "" {
			t.Errorf("%d at %s: %s", got.StatusCode, got.url, got.body)
		}
	})
	t.Run("the ticket works once, for a minute, for the method, in the browser that began", func(t *testing.T) {
		for what, try := range map[string]func(p *providers, b *browser, next string) page{
			"once": func(p *providers, b *browser, next string) page {
				b.get(auth + next)
				b.post(auth+"/logout", url.Values{})
				return b.get(auth + next)
			},
			"a minute": func(p *providers, b *browser, next string) page {
				p.pass(2 * time.Minute)
				return b.get(auth + next)
			},
			"another browser": func(p *providers, _ *browser, next string) page { return p.browser().get(auth + next) },
			"no ticket": func(_ *providers, b *browser, _ string) page {
				return b.get(at + "/continue?ticket=x")
			},
		} {
			p := newProviders(t)
			b := p.browser()
			got := try(p, b, p.posted(at, began(t, p, b)).Header.Get("Location"))
			if got.StatusCode != 400 || !strings.Contains(got.body, "problem_sign_in_expired") ||
				b.cookie(auth, "__Host-gatehouse") != "" {
				t.Errorf("%s: %d %s", what, got.StatusCode, got.body)
			}
		}
	})
	t.Run("posts are limited in size, and in number by address", func(t *testing.T) {
		p := newProviders(t)
		p.posted(at, url.Values{"state": {"x"}, "code": {strings.Repeat("x", signin.MaxPosted)}}).
			wants(t, 413, "too_large")
		p.posted(at, url.Values{"code": {"x"}}).wants(t, 400, "malformed")
		p.posted(at, url.Values{"state": {strings.Repeat("x", signin.MaxStateField+1)}}).wants(t, 400, "malformed")
		for range signin.PostedAnswers.Count {
			p.posted(at, url.Values{"state": {"x"}})
		}
		p.posted(at, url.Values{"state": {"x"}}).wants(t, 429, "too_many_attempts")
	})
	t.Run("no other path accepts a cross-site post", func(t *testing.T) {
		p := newProviders(t)
		for _, path := range []string{"/login", "/logout", "/callback", "/callback/corp", "/callback/forms/continue",
			"/account"} {
			if got := p.posted(auth+path, url.Values{"state": {"x"}}); got.StatusCode != 403 ||
				got.Header.Get("Location") != "" {
				t.Errorf("%s: %d", path, got.StatusCode)
			}
		}
	})
	t.Run("the login page may submit forms only to the provider's origin", func(t *testing.T) {
		p := newProviders(t)
		p.browser().get(auth+"/login/forms").wants(t, 200, `"FormAction":"https://forms.idp.example"`)
	})
}
