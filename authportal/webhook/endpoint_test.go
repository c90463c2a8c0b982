package webhook

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

var sample = store.AuditEvent{ID: "abcdefghijklmnopqrstuvwxyz", Time: time.Date(2026, 11, 25, 12, 0, 0, 1000, time.UTC), Kind: "sign_in", Result: "refused",
	Reason: "wrong password", UserID: "u", Username: "ann\n\"<x>", Method: "password", Address: "203.0.113.7", Host: "app.example.com"}

func endpoint(t *testing.T, address string) *Endpoint {
	t.Helper()
	e, err := New(address, func() time.Time { return time.Unix(1_700_000_000, 0) }, []byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func TestAnEventIsPostedAsSignedJSON(t *testing.T) {
	var got *http.Request
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer s.Close()
	e := endpoint(t, s.URL+"/hook?token=x")
	if err := e.Post(t.Context(), &sample); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Type      string
		Timestamp time.Time
		Data      store.AuditEvent
	}
	if err := json.Unmarshal(body, &read); err != nil || read.Type != "sign_in" || !read.Timestamp.Equal(sample.Time) || !reflect.DeepEqual(read.Data, sample) {
		t.Errorf("%v: %s", err, body)
	}
	want := map[string]string{"Content-Type": "application/json", "Webhook-Id": sample.ID, "Webhook-Timestamp": "1700000000",
		"Webhook-Signature": sign([][]byte{[]byte("key")}, sample.ID, time.Unix(1_700_000_000, 0), body)}
	for name, value := range want {
		if got.Header.Get(name) != value {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), value)
		}
	}
	if got.Method != http.MethodPost || got.URL.RequestURI() != "/hook?token=x" {
		t.Errorf("%s %s", got.Method, got.URL)
	}
}

// Whoever takes over the receiver's name or server must not lead the events, or us, to another address.
func TestARedirectIsNotFollowed(t *testing.T) {
	followed := false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		followed = followed || r.URL.Path == "/elsewhere"
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer s.Close()
	if err := endpoint(t, s.URL).Post(t.Context(), &sample); err == nil || followed {
		t.Errorf("followed %v: %v", followed, err)
	}
}

func TestAnErrorNeverShowsTheAddress(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "90")
		http.Error(w, "canary-in-answer", http.StatusServiceUnavailable)
	}))
	e := endpoint(t, strings.Replace(s.URL, "://", "://user:canary@", 1)+"/canary?token=canary")
	err := e.Post(t.Context(), &sample)
	response, ok := err.(*StatusError)
	if !ok || response.Status != 503 || response.RetryAfter != 90*time.Second || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
	s.Close()
	if err := e.Post(t.Context(), &sample); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
	if strings.Contains(e.String(), "canary") {
		t.Error(e.String())
	}
}

func TestAnEndlessResponseIsNotReadToItsEnd(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	}))
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), postFor/2)
	defer cancel()
	if err := endpoint(t, s.URL).Post(ctx, &sample); err != nil {
		t.Error(err)
	}
}

func TestAnUntrustedCertificateIsRefused(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	s.Config.ErrorLog = nil
	err := endpoint(t, s.URL).Post(t.Context(), &sample)
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("%v", err)
	}
}

func TestAddressesOfAWebhook(t *testing.T) {
	for _, good := range []string{"https://log.example.com/hook", "https://10.0.0.7:8443", "http://localhost:9000/x", "http://127.0.0.1", "http://[::1]:80/", "http://log.localhost"} {
		if _, err := CheckURL(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "log.example.com", "https://", "https:///hook", "http://log.example.com", "http://10.0.0.7", "ftp://log.example.com",
		"https://log.example.com/#canary", "https://log.example.com:canary/", "http://localhost.example.com"} {
		if _, err := CheckURL(bad); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
