package keyring

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store/sql/sqltest"
)

const (
	oldSecret = "the secret of last year, 32 bytes"
	newSecret = "the secret of this year, 32 bytes"
)

func mustKeys(t testing.TB, secrets ...string) *Keys {
	t.Helper()
	k, err := New(nil, secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestASealedValueOpensForItsPurposeOnly(t *testing.T) {
	k := mustKeys(t, oldSecret)
	s, err := k.Seal("to", []byte("/path"), []byte("host"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := k.Open("to", s, []byte("host")); err != nil || string(b) != "/path" {
		t.Errorf("got %q, %v", b, err)
	}
	for _, purpose := range []string{"flow", "code", "signin", "", "t", "seal/to"} {
		if _, err := k.Open(purpose, s, []byte("host")); !errors.Is(err, ErrNotSealed) {
			t.Errorf("purpose %q: got %v", purpose, err)
		}
	}
	for _, ad := range []string{"", "Host", "host "} {
		if _, err := k.Open("to", s, []byte(ad)); !errors.Is(err, ErrNotSealed) {
			t.Errorf("associated data %q: got %v", ad, err)
		}
	}
	for i := range len(s) {
		b := []byte(s)
		b[i] ^= 1
		if _, err := k.Open("to", string(b), []byte("host")); err == nil {
			t.Fatalf("opened with byte %d changed", i)
		}
	}
	if again, err := k.Seal("to", []byte("/path"), []byte("host")); err != nil || again == s {
		t.Error("two seals of one value are alike")
	}
}

func TestTheFirstSecretSealsAndAllOpen(t *testing.T) {
	before, during, after := mustKeys(t, oldSecret), mustKeys(t, newSecret, oldSecret), mustKeys(t, newSecret)
	a, _ := before.Seal("x", []byte("a"), nil)
	b, _ := during.Seal("x", []byte("b"), nil)
	if _, err := during.Open("x", a, nil); err != nil {
		t.Error("the older secret does not open any more")
	}
	if _, err := after.Open("x", b, nil); err != nil {
		t.Error("the first secret did not seal")
	}
	if _, err := before.Open("x", b, nil); err == nil {
		t.Error("sealed by the older secret")
	}
}

func TestShortSecretsAreRefusedWithoutBeingQuoted(t *testing.T) {
	for _, s := range [][]string{nil, {""}, {"short"}, {oldSecret, ""}} {
		_, err := New(nil, s...)
		if err == nil || bytes.Contains([]byte(err.Error()), []byte("short\"")) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestAGatewayWithAnotherSecretDoesNotStart(t *testing.T) {
	users := sqltest.Open(t, time.Now)
	for i, step := range []struct {
		secrets []string
		ok      bool
	}{
		{[]string{oldSecret}, true}, // the first one settles it
		{[]string{oldSecret}, true},
		{[]string{newSecret}, false},
		{[]string{oldSecret, newSecret}, true}, // rotation, first reload
		{[]string{newSecret, oldSecret}, true}, // second
		{[]string{oldSecret, newSecret}, true}, // a gateway that is late
		{[]string{newSecret, oldSecret}, true},
		{[]string{newSecret}, true}, // the old one dropped
		{[]string{oldSecret}, false},
		{[]string{"a third one that nobody knows of", oldSecret}, false},
	} {
		err := mustKeys(t, step.secrets...).CheckFingerprint(t.Context(), users)
		if (err == nil) != step.ok || err != nil && !errors.Is(err, ErrOtherKey) {
			t.Errorf("step %d: %v", i, err)
		}
	}
}
