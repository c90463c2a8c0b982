package redis

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// records are of every kind, with every field full and with every field empty.
func records() []*record {
	at := time.UnixMilli(1_700_000_000_123).UTC()
	full := &record{
		kind: isSignIn, closing: true,
		session: store.Session{ID: "abcdefghijklmnopqrstuvwxya", UserID: "zyxwvutsrqponmlkjihgfedcba", Host: "auth.example.com", Created: at,
			LastSeen: at.Add(time.Minute), Idle: 30 * time.Minute, Expires: at.Add(12 * time.Hour),
			Proofs:  []store.Proof{{Method: "password", At: at.Add(-time.Second)}, {Method: "oidc:corp", At: at}},
			Address: "2001:db8::1", Device: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 \x7f\x80\xff", Remembered: true},
		identity: store.Identity{UserID: "zyxwvutsrqponmlkjihgfedcba", Version: 1 << 62, Username: "ann", Email: "ann@example.com",
			Name: "Ann É", Roles: []string{"editor", ""}, Attributes: map[string]any{"plan": "gold", "n": 1.5, "l": []any{"a"}}, Active: true},
		children: []childRef{{key: store.Key{1, 2}}, {key: store.Key{3}, retired: true}},
	}
	same := full.clone()
	same.identity.Username, same.identity.Attributes, same.children = "ann@example.com", map[string]any{}, nil
	child := same.clone()
	child.kind, child.closing, child.session.Parent, child.session.Address = isChild, false, "a parent of another form", "192.0.2.1"
	bare := &record{kind: isSignIn, session: store.Session{ID: "x", UserID: "y", Created: at, LastSeen: at, Expires: at},
		identity: store.Identity{UserID: "y", Attributes: map[string]any{}}}
	zero := &record{kind: isSignIn, session: store.Session{ID: "x", UserID: "y", Address: "::ffff:192.0.2.1"},
		identity: store.Identity{UserID: "y", Attributes: map[string]any{}}}
	return []*record{full, same, child, bare, zero, {kind: isPointer, moved: store.Key{9, 9}}}
}

func TestRecordsAreReadBackAsTheyWereWritten(t *testing.T) {
	for i, r := range records() {
		b, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(b, store.Key{})
		if err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
		if !reflect.DeepEqual(got, r) {
			t.Errorf("record %d: got\n%+v, want\n%+v", i, got, r)
		}
	}
}

// Times are kept to the millisecond and an idle limit never becomes none.
func TestTimesAreKeptToTheMillisecond(t *testing.T) {
	r := records()[3]
	r.session.Idle = time.Microsecond
	b, err := r.encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decode(b, store.Key{}); err != nil || got.session.Idle != time.Millisecond {
		t.Errorf("%v, %v", got.session.Idle, err)
	}
}

func TestDamagedRecordsAreErrorsAndNoSessions(t *testing.T) {
	for i, r := range records() {
		b, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		for n := range b {
			if _, err := decode(b[:n], store.Key{}); !errors.Is(err, errDamaged) {
				t.Errorf("record %d cut at %d: %v", i, n, err)
			}
		}
		if _, err := decode(append(bytes.Clone(b), 0), store.Key{}); !errors.Is(err, errDamaged) {
			t.Errorf("record %d with a byte more: %v", i, err)
		}
	}
	for _, foreign := range []string{"", "{}", `{"user":"ann"}`, "\x01", "\x00\x01", "\x02\x01", "\x01\x00", strings.Repeat("\xff", 100),
		"\x01\x01" + strings.Repeat("\xff", 9) + "\x01", "\x01\x43" + strings.Repeat("k", 32)} {
		if _, err := decode([]byte(foreign), store.Key{}); !errors.Is(err, errDamaged) {
			t.Errorf("%q: %v", foreign, err)
		}
	}
}

// FuzzDecodeRecord: whatever lies in Redis, reading it neither panics nor makes a session of what encode cannot have
// written.
func FuzzDecodeRecord(f *testing.F) {
	for _, r := range records() {
		b, err := r.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"foreign":true}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decode(b, store.Key{7})
		if err != nil {
			if !errors.Is(err, errDamaged) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		if r.kind != isPointer && (r.session.UserID == "" || r.session.ID == "" || r.identity.UserID != r.session.UserID ||
			r.session.Idle < 0 || r.session.Key != store.Key{7}) {
			t.Fatalf("a session of nobody: %+v", r)
		}
		again, err := r.encode()
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		back, err := decode(again, store.Key{7})
		if err != nil || !reflect.DeepEqual(back, r) {
			t.Fatalf("written again it reads\n%+v, %v, not\n%+v", back, err, r)
		}
	})
}

func FuzzShortenDevice(f *testing.F) {
	for _, phrase := range phrases {
		f.Add(phrase + "1\x7f" + phrase)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, ok := lengthen(shorten(s)); !ok || got != s {
			t.Fatalf("%q became %q", s, got)
		}
		_, _ = lengthen(s)
	})
}
