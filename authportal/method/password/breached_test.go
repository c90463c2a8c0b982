package password

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql/sqltest"
)

type listed []string

func (l listed) breached(_ context.Context, prepared []byte) (bool, error) {
	return slices.Contains(l, string(prepared)), nil
}

func TestRangeAPILearnsFiveDigitsAndPaddingIsNoHit(t *testing.T) {
	leaked, padded := sha1Hex([]byte("leaked long ago")), sha1Hex([]byte("only padding"))
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		if r.Header.Get("Add-Padding") != "true" {
			t.Error("the length of the response reveals the request")
		}
		for _, line := range []string{strings.Repeat("0", 35) + ":7", leaked[5:] + ":3", padded[5:] + ":0"} {
			fmt.Fprintf(w, "%s\r\n", line)
		}
	}))
	defer s.Close()
	list := openBreaches("hibp", s.Client(), s.URL)
	for typed, want := range map[string]bool{"leaked long ago": true, "only padding": false, "never seen": false} {
		if got, err := list.breached(t.Context(), []byte(typed)); got != want || err != nil {
			t.Errorf("%q: %v %v", typed, got, err)
		}
		if !slices.Contains(asked, "/range/"+sha1Hex([]byte(typed))[:5]) {
			t.Errorf("asked %q", asked)
		}
	}
}

// A list that does not respond refuses no password, and every other rule still holds.
func TestASilentListRefusesNoPassword(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	for name, answer := range map[string]http.HandlerFunc{
		"fault": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"too long": func(w http.ResponseWriter,
			_ *http.Request) {
			io.WriteString(w, strings.Repeat("x", rangeMaxBytes+1))
		},
		"leads elsewhere": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				t.Error("it was followed")
			}
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		},
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "short")
		},
		"silent": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(answer)
			defer s.Close()
			var log bytes.Buffer
			m := open(t, cheap, sqltest.Open(t, time.Now))
			m.env.Log = slog.New(slog.NewTextHandler(&log, nil))
			m.breaches = openBreaches("hibp", s.Client(), s.URL)
			if _, err := m.MakePassword(t.Context(), &store.User{ID: "x"}, "xkqz vbtr wplm"); err != nil {
				t.Error(err)
			}
			if !strings.Contains(log.String(), "was not looked up") || strings.Contains(log.String(), "xkqz") ||
				strings.Contains(log.String(), "/range/") {
				t.Errorf("logged %s", log.String())
			}
			var refused *method.UnacceptableError
			if _, err := m.MakePassword(t.Context(), &store.User{ID: "x"}, "password1"); !errors.As(err, &refused) {
				t.Errorf("a common one: %v", err)
			}
		})
	}
}

func writeList(t *testing.T, lines []string, end string) string {
	file := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(file, []byte(strings.Join(lines, end)+end), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestASortedListOfHashesIsSearchedInPlace(t *testing.T) {
	for _, end := range []string{"\n", "\r\n"} {
		for _, n := range []int{1, 2, 3, 500} {
			var lines []string
			for i := range n {
				lines = append(lines, fmt.Sprintf("%s:%d", sha1Hex(fmt.Appendf(nil, "leaked %d", i)), i*i*i+1))
			}
			slices.Sort(lines)
			list := openBreaches(writeList(t, lines, end), nil, "")
			for i := range n {
				if got, err := list.breached(t.Context(), fmt.Appendf(nil, "leaked %d", i)); !got || err != nil {
					t.Fatalf("%d of %d: %v %v", i, n, got, err)
				}
				if got, err := list.breached(t.Context(), fmt.Appendf(nil, "unknown %d", i)); got || err != nil {
					t.Fatalf("unknown %d of %d: %v %v", i, n, got, err)
				}
			}
		}
	}
}

func TestAListOfWordsIsReadThrough(t *testing.T) {
	list := openBreaches(writeList(t, []string{"first of all", strings.Repeat("x", 200<<10), "Müller 77", "",
		"the last"}, "\r\n"), nil, "")
	for typed, want := range map[string]bool{"first of all": true, "müller 77": true, "the last": true, "": false,
		"xxxx": false, "unknown": false} {
		if got, err := list.breached(t.Context(), []byte(typed)); got != want || err != nil {
			t.Errorf("%q: %v %v", typed, got, err)
		}
	}
}

func TestAListThatCannotBeReadStopsTheStart(t *testing.T) {
	good := writeList(t, []string{"some words"}, "\n")
	for setting, want := range map[string]bool{"": true, "off": true, "hibp": true, good: true, "hibb": false,
		t.TempDir(): false} {
		if err := (Module{Settings: Settings{Breached: setting}}).Validate(); (err == nil) != want {
			t.Errorf("%q: %v", setting, err)
		}
	}
}
