package webhook

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// The vector of the reference libraries of Standard Webhooks.
func TestTheSignatureIsThatOfStandardWebhooks(t *testing.T) {
	key, err := ParseKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := sign([][]byte{key}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestEveryKeySignsWhileTheyAreExchanged(t *testing.T) {
	now, body := time.Unix(1, 0), []byte("{}")
	old, fresh := []byte("old"), []byte("new")
	both := sign([][]byte{fresh, old}, "a", now, body)
	if both != sign([][]byte{fresh}, "a", now, body)+" "+sign([][]byte{old}, "a", now, body) {
		t.Error(both)
	}
	for _, other := range []string{sign([][]byte{old}, "b", now, body), sign([][]byte{old}, "a", now.Add(time.Second), body), sign([][]byte{old}, "a", now, []byte("{ }"))} {
		if strings.Contains(both, other) {
			t.Error("id, time and body are not all signed")
		}
	}
}

func TestAKeyIsReadAsItIsWrittenAndNoErrorShowsIt(t *testing.T) {
	key := []byte("0123456789abcdef01234567")
	if got, err := ParseKey(FormatKey(key)); err != nil || string(got) != string(key) {
		t.Fatalf("%q %v", got, err)
	}
	for _, bad := range []string{"", "canary-canary-canary-canary", "whsec_", "whsec_canary!canary", FormatKey(key[:23]),
		KeyPrefix + base64.StdEncoding.EncodeToString(make([]byte, 65))} {
		_, err := ParseKey(bad)
		if err == nil || strings.Contains(err.Error(), "canary") || len(bad) > 10 && strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
