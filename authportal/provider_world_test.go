package authportal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/method/methodtest"
)

// providers is a world with a provider that takes redirects, one that takes forms, one that challenges the browser, and
// a device.
type providers struct {
	*world
	corp, forms *methodtest.Provider
	device      *methodtest.Device
}

func newProviders(t *testing.T, opts ...worldOption) *providers {
	t.Helper()
	p := &providers{corp: &methodtest.Provider{Name: "corp"}, forms: &methodtest.Provider{Name: "forms", Forms: true}}
	p.world = newWorld(t, append([]worldOption{func(c *Config) {
		p.device = &methodtest.Device{Users: c.Users}
		c.Methods = append(c.Methods,
			method.Configured{Name: "corp", Method: p.corp}, method.Configured{Name: "forms", Method: p.forms},
			method.Configured{Name: "kerb", Method: methodtest.Negotiator{Issuer: "REALM"}},
			method.Configured{Name: "device", Method: p.device, Second: true})
	}}, opts...)...)
	for _, name := range []string{"ada", "bob"} {
		u := p.user(name)
		for _, issuer := range []string{person(name).Issuer, "REALM"} {
			_, _, err := p.p.Accounts().ForIdentity(t.Context(), accounts.IdentityRequest{Method: "corp", Owner: &u,
				Identity: method.Identity{Issuer: issuer, Subject: name}})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return p
}

func person(name string) method.Identity {
	return method.Identity{Issuer: "https://idp.example", Subject: name}
}

// led follows the redirect to a provider, and returns its query.
func (b *browser) led(at string) url.Values {
	b.w.t.Helper()
	p := b.get(at)
	if p.url.Host != "corp.idp.example" {
		b.w.t.Fatalf("led to %s: %d %s", p.url, p.StatusCode, p.body)
	}
	return p.url.Query()
}

// fromProvider is the redirect back from a provider: a navigation that another site began.
func (b *browser) fromProvider(at string, q url.Values) page {
	b.w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, at+"?"+q.Encode(), nil)
	if err != nil {
		b.w.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return b.do(r)
}

// posted is a cross-site form post, and so without our SameSite=Lax cookies. The redirect is not followed.
func (w *world) posted(at string, q url.Values) page {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodPost, at, strings.NewReader(q.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://forms.idp.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return w.browser().onceDo(r)
}

// sent returns the fields of the form for a provider on a page.
func (p page) sent(t *testing.T) url.Values {
	t.Helper()
	_, data, ok := strings.Cut(p.body, `"Post":{`)
	if !ok {
		t.Fatalf("no form: %d %s", p.StatusCode, p.body)
	}
	q := url.Values{}
	for _, part := range strings.Split(data, `"Name":"`)[1:] {
		name, rest, _ := strings.Cut(part, `"`)
		_, rest, _ = strings.Cut(rest, `"Value":"`)
		value, _, _ := strings.Cut(rest, `"`)
		q.Set(name, value)
	}
	return q
}
