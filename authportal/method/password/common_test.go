package password

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql/sqltest"
)

func TestWhatIsTriedFirstIsRefused(t *testing.T) {
	ann := &store.User{Name: "Ann Müller-Smith", Username: "ann.s", Email: "ann.smith@mail.example.com"}
	site := []string{"Big Bakery", "auth.bigbakery.test"}
	for reason, list := range map[string][]string{
		reasonCommon: {
			"password", "PASSWORD", "Password1!", "P@ssw0rd2024", "pa$$w0rd", "passwort123", "ｐａｓｓｗｏｒｄ", "pass-word",
			"passwordpassword", "password123456789",
			"12345678", "987654321", "aaaaaaaa", "        ", "abababab", "123123123", "qwertyuiop", "QWERTZuiop",
			"qwerty12345", "asdfghjkl", "1qaz2wsx", "zaq12wsx",
			"abcdefgh", "hgfedcba", "abcd1234", "iloveyou", "1loveyou!", "letme1n!!", "Summer2024!", "Sommer2024",
			"trustno1!", "24121990", "1990-12-24", "12/24/1990",
			"adm1n1strator", "!admin2024!", "Fußball1", "qwerty!@#$%", strings.Repeat("a", 200), "11111111", "aaaabbbb",
		},
		reasonLikeLogin: {
			"annsmith", "AnnSmith1987", "ann.smith@mail.example.com", "smith2024!", "Müller99", "smithann", "bigbakery",
			"BigBakery2024", "b1gbakery!", "mail.example.com",
			"4nn5m1th", "smithsmith", "bakery123456", "ann.s ann.s",
		},
		"": {
			"password correct horse staple", "correct horse", "correct horse battery staple", "annabelle loves cats",
			"blacksmith forge", "xkqzvbtr", "83019472", "password8301947265",
			"ann8301947265", "🦊🐻🐼🐨🐯🦁🐮🐷", "a long enough password", "\x00\x01\x02zt\x04\x05\x06", "dragon monkey waltz",
			"übermäßig",
		},
	} {
		for _, typed := range list {
			if got := guessable(typed, ann, site); got != reason {
				t.Errorf("%q: %q, want %q", typed, got, reason)
			}
		}
	}
	if got := guessable("annsmith", nil, nil); got != "" {
		t.Errorf("no names: %q", got)
	}
}

// Every reason comes from the one function that sign-up, change, reset, administrators and the command line call.
func TestEveryRuleHoldsWhereverAPasswordIsMade(t *testing.T) {
	driver, err := Module{Settings: cheap}.Open(method.Env{Users: sqltest.Open(t, time.Now), Now: time.Now,
		Site: []string{"Bakery"}})
	if err != nil {
		t.Fatal(err)
	}
	m := driver.(*Method)
	m.breaches = listed{"known from a breach"}
	for typed, want := range map[string]string{"short": reasonTooShort, "P@ssw0rd": reasonCommon,
		"ann-1987": reasonLikeLogin, "Bakery!!": reasonLikeLogin,
		"known from a breach": reasonBreached, "known from nowhere": ""} {
		_, err := m.MakePassword(t.Context(), &store.User{ID: "x", Username: "ann"}, typed)
		var refused *method.UnacceptableError
		if got := errors.As(err, &refused); got != (want != "") || got && refused.Reason != want {
			t.Errorf("%q: %v, want %q", typed, err, want)
		}
	}
}

func FuzzGuessable(f *testing.F) {
	for _, s := range []string{"", "password", "\xff\xfe", "aaaa", "ﬃﬃﬃﬃ", "ß1!", strings.Repeat("ab", 60)} {
		f.Add(s, "ann@example.com")
	}
	f.Fuzz(func(t *testing.T, typed, email string) {
		got := guessable(typed, &store.User{Email: email}, nil)
		if again := guessable(typed, &store.User{Email: email}, nil); again != got {
			t.Fatalf("%q then %q", got, again)
		}
	})
}
