package onetime

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// memory is a store of tickets and credentials in memory.
type memory struct {
	store.Credentials
	mu          sync.Mutex
	tickets     map[string][]byte
	credentials map[string]store.Credential
}

func (m *memory) PutTicket(_ context.Context, purpose string, key store.Key, payload []byte, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tickets[purpose+string(key[:])] = payload
	return nil
}

func (m *memory) TakeTicket(_ context.Context, purpose string, key store.Key) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	payload, ok := m.tickets[purpose+string(key[:])]
	if !ok {
		return nil, store.ErrNotFound
	}
	delete(m.tickets, purpose+string(key[:]))
	return payload, nil
}

func (m *memory) PutCredential(_ context.Context, k store.Credential) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.credentials[k.Kind+k.ID] = k
	return nil
}

func (m *memory) Credential(_ context.Context, kind, id string) (store.Credential, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.credentials[kind+id]
	if !ok {
		return k, store.ErrNotFound
	}
	return k, nil
}

func (m *memory) DeleteCredential(_ context.Context, kind, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.credentials[kind+id]; !ok {
		return store.ErrNotFound
	}
	delete(m.credentials, kind+id)
	return nil
}

type world struct {
	*Links
	now time.Time
	mem *memory
}

func newWorld(t *testing.T) *world {
	t.Helper()
	keys, err := keyring.New(rand.Reader, strings.Repeat("k", 32))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		mem: &memory{tickets: map[string][]byte{}, credentials: map[string]store.Credential{}}}
	w.Links = &Links{Keys: keys, Tickets: w.mem, Credentials: w.mem, Now: func() time.Time { return w.now }, Rand: rand.Reader}
	return w
}

func (w *world) link() Link {
	return Link{Purpose: "reset", Subject: "ann", Email: "ann@example.com", Until: w.now.Add(time.Hour)}
}

type payload struct {
	User string `json:"u"`
}

func TestLinkIsBoundToPurposeAndAccount(t *testing.T) {
	w := newWorld(t)
	token, err := w.Issue(t.Context(), w.link(), payload{"ann"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := w.Issue(t.Context(), Link{Purpose: "reset", Subject: "eve", Email: "eve@example.com", Until: w.link().Until}, payload{"eve"})
	if err != nil {
		t.Fatal(err)
	}
	secret, label, _ := strings.Cut(token, ".")
	_, eves, _ := strings.Cut(other, ".")
	for name, bad := range map[string]string{
		"the label of another link":  secret + "." + eves,
		"no label":                   secret,
		"no secret":                  "." + label,
		"a secret of another length": secret[:40] + "." + label,
		"a label that is too long":   secret + "." + strings.Repeat("a", maxLabel+1),
		"padding":                    secret + "=." + label,
		"nothing":                    "",
	} {
		t.Run(name, func(t *testing.T) {
			if l, _, ok := w.Read("reset", bad); ok {
				t.Errorf("was read as %+v", l)
			}
			if err := w.Take(t.Context(), "reset", bad, &payload{}); !errors.Is(err, problem.InvalidLink) {
				t.Errorf("was taken: %v", err)
			}
		})
	}
	t.Run("another purpose", func(t *testing.T) {
		if err := w.Take(t.Context(), "invite", token, &payload{}); !errors.Is(err, problem.InvalidLink) {
			t.Errorf("was taken: %v", err)
		}
	})
	if l, _, ok := w.Read("reset", token); !ok || l.Subject != "ann" || l.Email != "ann@example.com" || !l.Until.Equal(w.link().Until) {
		t.Errorf("the link itself was read as %+v, %v", l, ok)
	}
}

// A mail scanner may send a GET for every link of an email.
func TestReadingALinkDoesNotSpendIt(t *testing.T) {
	w := newWorld(t)
	token, err := w.Issue(t.Context(), w.link(), payload{"ann"})
	if err != nil {
		t.Fatal(err)
	}
	without := *w.Links
	without.Tickets, without.Credentials = nil, nil // a call of either would panic
	for range 3 {
		if _, _, ok := without.Read("reset", token); !ok {
			t.Fatal("the link could not be read")
		}
	}
	var got payload
	if err := w.Take(t.Context(), "reset", token, &got); err != nil || got.User != "ann" {
		t.Errorf("after it was read: %+v, %v", got, err)
	}
}

func TestLinkExpires(t *testing.T) {
	w := newWorld(t)
	token, err := w.Issue(t.Context(), w.link(), payload{"ann"})
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour - time.Second)
	if _, _, ok := w.Read("reset", token); !ok {
		t.Error("the link ended before its time")
	}
	w.now = w.now.Add(time.Second)
	if _, _, ok := w.Read("reset", token); ok {
		t.Error("the link outlived its time")
	}
	if err := w.Take(t.Context(), "reset", token, &payload{}); !errors.Is(err, problem.InvalidLink) {
		t.Errorf("the link was taken after its time: %v", err)
	}
}

func TestConcurrentCallersSpendALinkOnce(t *testing.T) {
	w := newWorld(t)
	ticket, err := w.Issue(t.Context(), w.link(), payload{"ann"})
	if err != nil {
		t.Fatal(err)
	}
	bare, err := w.IssueBare(t.Context(), "setup", payload{}, w.link().Until)
	if err != nil {
		t.Fatal(err)
	}
	credential, err := w.IssueCredential(t.Context(), "kind", w.link(), payload{"ann"})
	if err != nil {
		t.Fatal(err)
	}
	_, secret, _ := w.Read("reset", credential)
	for name, use := range map[string]func() error{
		"a ticket":     func() error { return w.Take(context.Background(), "reset", ticket, &payload{}) },
		"a bare token": func() error { return w.TakeBare(context.Background(), "setup", bare, &payload{}) },
		"a credential": func() error { return w.Spend(context.Background(), "kind", KeyID(secret)) },
	} {
		t.Run(name, func(t *testing.T) {
			results := make(chan error, 32)
			for range cap(results) {
				go func() { results <- use() }()
			}
			won := 0
			for range cap(results) {
				switch err := <-results; {
				case err == nil:
					won++
				case !errors.Is(err, problem.InvalidLink):
					t.Errorf("a losing caller got %v", err)
				}
			}
			if won != 1 {
				t.Errorf("%d of %d callers succeeded", won, cap(results))
			}
		})
	}
}

func TestBareTokenCanBeRestored(t *testing.T) {
	w := newWorld(t)
	token, err := w.IssueBare(t.Context(), "setup", payload{"x"}, w.link().Until)
	if err != nil || !WellFormed(token) || WellFormed(token+"A") || WellFormed(token[1:]) {
		t.Fatalf("%q, %v", token, err)
	}
	var got payload
	if err := w.TakeBare(t.Context(), "setup", token, &got); err != nil {
		t.Fatal(err)
	}
	if err := w.RestoreBare(t.Context(), "setup", token, got, w.link().Until); err != nil {
		t.Fatal(err)
	}
	if err := w.TakeBare(t.Context(), "setup", token, &got); err != nil || got.User != "x" {
		t.Errorf("after it was restored: %+v, %v", got, err)
	}
}

func TestNewerLinksEndOlderOnes(t *testing.T) {
	var s Secrets
	for i := range byte(6) {
		s = s.With([]byte{i}, 4)
	}
	for i := range byte(6) {
		if s.Has([]byte{i}) != (i >= 2) {
			t.Errorf("link %d of 6, of which 4 are kept: %v", i, s.Has([]byte{i}))
		}
	}
}

// Links that an earlier version sent must still work after an upgrade.
func TestLinkOfAnEarlierVersionWorks(t *testing.T) {
	w := newWorld(t)
	secret := []byte(strings.Repeat("s", 32))
	sealed, err := w.Keys.Seal("mail reset", []byte(`{"u":"ann","e":"ann@example.com","d":1772370000,"i":"x"}`), secret)
	if err != nil {
		t.Fatal(err)
	}
	token := "c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M." + sealed
	l, got, ok := w.Read("reset", token)
	if !ok || l != (Link{Purpose: "reset", Subject: "ann", Email: "ann@example.com", ID: "x", Until: time.Unix(1772370000, 0)}) ||
		string(got) != string(secret) {
		t.Fatalf("%+v, %v", l, ok)
	}
	t.Run("backed by a ticket", func(t *testing.T) {
		if err := w.mem.PutTicket(t.Context(), "mail reset", store.KeyOf(secret), []byte(`{"u":"ann"}`), l.Until); err != nil {
			t.Fatal(err)
		}
		var p payload
		if err := w.Take(t.Context(), "reset", token, &p); err != nil || p.User != "ann" {
			t.Errorf("%+v, %v", p, err)
		}
	})
	// sha256 of 32 times "s"
	const id = "8fd6a6a78f5857d7ba1cfe9033bffeec86da2ba6a4bd60a6f833209d9d3e390d"
	t.Run("backed by a credential", func(t *testing.T) {
		old := store.Credential{Kind: "kind", ID: id, Owner: "ann", Data: json.RawMessage(`{"u":"ann"}`)}
		if err := w.mem.PutCredential(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		var p payload
		if k, err := w.Credential(t.Context(), "kind", KeyID(secret), &p); err != nil || k.Owner != "ann" || p.User != "ann" {
			t.Errorf("%+v, %+v, %v", k, p, err)
		}
	})
	t.Run("of a list", func(t *testing.T) {
		var data struct {
			Keys Secrets `json:"keys"`
		}
		if err := json.Unmarshal([]byte(`{"keys":["`+id+`"]}`), &data); err != nil || !data.Keys.Has(secret) {
			t.Errorf("%v, %v", data, err)
		}
	})
	t.Run("the set-up link in a log", func(t *testing.T) {
		if err := w.mem.PutTicket(t.Context(), "setup", store.KeyOf(secret), []byte(`{"d":"2026-03-01T13:00:00Z"}`), l.Until); err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(token, ".")
		var p payload
		if err := w.TakeBare(t.Context(), "setup", head, &p); err != nil {
			t.Error(err)
		}
	})
}
