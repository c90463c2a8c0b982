package stranger

import (
	"crypto/rand"
	"encoding/json"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/keyring"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/method/methodtest"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql"
)

func open(t *testing.T) store.UserStore {
	db, err := sql.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "db"), store.Env{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestForm(t *testing.T) {
	methodtest.Run(t, methodtest.Suite{
		Users: open,
		Open:  func(_ *testing.T, users store.UserStore) method.Method { return &Word{users: users} },
		Enrol: func(t *testing.T, users store.UserStore, u store.User) {
			c := store.Credential{Kind: wordKind, ID: u.ID, Owner: u.ID, Data: []byte("open sesame"), Created: time.Now()}
			if err := users.PutCredential(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		},
		Right:   map[string]string{"word": "open sesame"},
		Wrong:   []map[string]string{{"word": "open barley"}, {"password": "open sesame"}},
		Repeats: true,
	})
}

func TestRedirect(t *testing.T) {
	keys, err := keyring.New(nil, "a secret of the club and of the door")
	if err != nil {
		t.Fatal(err)
	}
	methodtest.RunRedirects(t, methodtest.Redirects{
		Users: open,
		Open: func(t *testing.T, users store.UserStore) method.Method {
			m, err := ClubConfig{Issuer: "https://club.example"}.Open(method.Env{Users: users, Keys: keys, Tickets: users.(*sql.Store).EmbeddedSessions()})
			if err != nil {
				t.Fatal(err)
			}
			return m
		},
		SignIn: func(t *testing.T, sent url.Values) url.Values {
			raw, err := json.Marshal(Card{ID: rand.Text(), Subject: "member 7", Nonce: sent.Get("nonce")})
			if err != nil {
				t.Fatal(err)
			}
			card, err := keys.Seal(cardPurpose, raw, nil)
			if err != nil {
				t.Fatal(err)
			}
			return url.Values{"card": {card}, "state": sent["state"]}
		},
	})
}

func TestEnrolment(t *testing.T) {
	methodtest.RunEnrolment(t, methodtest.Enrolment{
		Users: open,
		Open:  func(_ *testing.T, users store.UserStore) method.Method { return &Bell{users: users} },
		Answer: func(t *testing.T, s method.Show) map[string]json.RawMessage {
			var o struct{ Challenge string }
			if err := json.Unmarshal(s.Options, &o); err != nil {
				t.Fatal(err)
			}
			return map[string]json.RawMessage{"ring": []byte(`{"bell":"front door","challenge":"` + o.Challenge + `"}`)}
		},
		Wrong: []map[string]json.RawMessage{{"ring": []byte(`"ding"`)}, {"ring": []byte(`{"bell":"front door","challenge":"x"}`)}},
	})
}
