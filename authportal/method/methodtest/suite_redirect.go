package methodtest

import (
	"context"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Redirects describes how to test a method that redirects to a provider.
type Redirects struct {
	// Users opens an empty users store, and Open the method over it.
	Users func(t *testing.T) store.UserStore
	Open  func(t *testing.T, users store.UserStore) method.Method

	// SignIn signs in at the provider with the query, or with the fields of a form, and returns the provider's answer
	// to the callback.
	SignIn func(t *testing.T, sent url.Values) url.Values
}

// RunRedirects tests the method against the contract of [method.Redirect] and [method.PostForm].
func RunRedirects(t *testing.T, s Redirects) {
	for name, try := range map[string]func(*testing.T, *leading){
		"the way there carries the token in state":   leads,
		"an answer identifies a person once":         identifies,
		"another tab's answer is refused":            tabsApart,
		"an answer without a kept state is refused":  stateless,
		"what is no answer is refused":               oddAnswers,
		"a cancelled request identifies nobody":      abandoned,
		"two people at once are not taken for one":   twoAtOnce,
		"a form field is no answer of the provider":  typedAnswer,
		"the state is small enough for every cookie": smallState,
	} {
		t.Run(name, func(t *testing.T) {
			try(t, &leading{Redirects: s, m: s.Open(t, s.Users(t))})
		})
	}
}

type leading struct {
	Redirects
	m method.Method
}

// tab is one sign-in in progress.
type tab struct {
	a    method.Attempt
	sent url.Values
}

func (l *leading) begin(t *testing.T, token string) *tab {
	t.Helper()
	b := &tab{a: method.Attempt{Token: token, Field: func(string) string { return "" },
		Address: netip.MustParseAddr("192.0.2.1"),
		Host:    "auth.example.com", Return: "https://auth.example.com/callback/test", Now: time.Now()}}
	s, err := l.m.Begin(t.Context(), &b.a)
	if err != nil {
		t.Fatal(err)
	}
	var address string
	switch s := s.(type) {
	case method.Redirect:
		u, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		address, b.sent, b.a.State = s.URL, u.Query(), s.State
	case method.PostForm:
		address, b.sent, b.a.State = s.URL, s.Fields, s.State
	default:
		t.Fatalf("Begin: %T, want Redirect or PostForm", s)
	}
	if !strings.HasPrefix(address, "https://") {
		t.Errorf("leads to %q, which is not https", address)
	}
	return b
}

func (l *leading) answer(ctx context.Context, b *tab, q url.Values) (method.Step, error) {
	a := b.a
	a.Query = q
	return l.m.Continue(ctx, &a)
}

func (l *leading) refuses(t *testing.T, what string, b *tab, q url.Values) {
	t.Helper()
	s, err := l.answer(t.Context(), b, q)
	if _, ok := s.(method.Refused); !ok || err != nil {
		t.Errorf("%s: %T, %v; want Refused", what, s, err)
	}
}

func (l *leading) identity(t *testing.T, b *tab, q url.Values) method.Identity {
	t.Helper()
	s, err := l.answer(t.Context(), b, q)
	i, ok := s.(method.Identified)
	if err != nil || !ok {
		t.Fatalf("got %T, %v; want Identified", s, err)
	}
	return i.Identity
}

func leads(t *testing.T, l *leading) {
	b := l.begin(t, "token-of-this-tab")
	for _, name := range []string{"state", "RelayState"} {
		if token, _, _ := strings.Cut(b.sent.Get(name), "."); token == "token-of-this-tab" {
			return
		}
	}
	t.Errorf("neither state nor RelayState begins with the token: %v", b.sent)
}

func identifies(t *testing.T, l *leading) {
	b := l.begin(t, "one")
	q := l.SignIn(t, b.sent)
	if id := l.identity(t, b, q); id.Issuer == "" || id.Subject == "" {
		t.Errorf("%+v names nobody", id)
	}
	l.refuses(t, "the same answer again", b, q)
}

func tabsApart(t *testing.T, l *leading) {
	one, two := l.begin(t, "one"), l.begin(t, "two")
	q := l.SignIn(t, one.sent)
	l.refuses(t, "the answer to another tab", two, q)
	swapped := l.SignIn(t, one.sent)
	for _, name := range []string{"state", "RelayState"} {
		if two.sent.Get(name) != "" {
			swapped.Set(name, two.sent.Get(name))
		}
	}
	l.refuses(t, "the answer to another tab under this tab's state", two, swapped)
	l.identity(t, two, l.SignIn(t, two.sent))
}

func stateless(t *testing.T, l *leading) {
	b := l.begin(t, "one")
	q := l.SignIn(t, b.sent)
	b.a.State = nil
	l.refuses(t, "nothing was kept", b, q)
}

func oddAnswers(t *testing.T, l *leading) {
	b := l.begin(t, "one")
	q := l.SignIn(t, b.sent)
	for name := range q {
		less := url.Values{}
		for n, v := range q {
			if n != name {
				less[n] = v
			}
		}
		l.refuses(t, "without "+name, b, less)
		less.Set(name, "x")
		l.refuses(t, "with another "+name, b, less)
	}
	l.refuses(t, "nothing", b, nil)
	denied := url.Values{"error": {"access_denied"}}
	for _, name := range []string{"state", "RelayState"} {
		if v := b.sent.Get(name); v != "" {
			denied.Set(name, v)
		}
	}
	l.refuses(t, "denied", b, denied)
}

func abandoned(t *testing.T, l *leading) {
	b := l.begin(t, "one")
	q := l.SignIn(t, b.sent)
	q.Del("state")
	q.Del("RelayState")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, _ := l.answer(ctx, b, q); s != nil {
		if _, ok := s.(method.Identified); ok {
			t.Error("identified")
		}
	}
}

func twoAtOnce(t *testing.T, l *leading) {
	one, two := l.begin(t, "one"), l.begin(t, "two")
	q1, q2 := l.SignIn(t, one.sent), l.SignIn(t, two.sent)
	l.identity(t, two, q2)
	l.identity(t, one, q1)
}

func typedAnswer(t *testing.T, l *leading) {
	b := l.begin(t, "one")
	q := l.SignIn(t, b.sent)
	b.a.Field = q.Get
	l.refuses(t, "typed", b, nil)
}

func smallState(t *testing.T, l *leading) {
	if b := l.begin(t, "one"); len(b.a.State) == 0 || len(b.a.State) > method.MaxState {
		t.Errorf("%d bytes", len(b.a.State))
	}
}
