package methodtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
	"github.com/gatehouse-auth/gatehouse/store/sql"
	"github.com/gatehouse-auth/gatehouse/store/sql/sqltest"
)

// word is the smallest method that keeps the contract.
type word struct {
	users store.UserStore
	work  atomic.Int64
}

func (*word) Kind() string { return "word" }

func (*word) Begin(context.Context, *method.Attempt) (method.Step, error) {
	return method.Show{}, nil
}

func (m *word) Continue(ctx context.Context, a *method.Attempt) (method.Step, error) {
	stored := []byte("nobody's word")
	var c store.Credential
	if a.User != nil {
		var err error
		c, err = m.users.Credential(ctx, "word", a.User.ID)
		if err == nil {
			stored = c.Data
		} else if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	m.work.Add(1)
	if same := bytes.Equal(stored, []byte(a.Field("word"))); !same || c.Owner == "" {
		return method.Refused{Reason: "wrong word"}, nil
	}
	return method.Proven{User: *a.User, Kind: c.Kind, ID: c.ID, Version: c.Version}, nil
}

func TestAMethodThatKeepsTheContractPasses(t *testing.T) {
	Run(t, Suite{
		Users: func(t *testing.T) store.UserStore { return sqltest.Open(t, time.Now) },
		Open:  func(_ *testing.T, users store.UserStore) method.Method { return &word{users: users} },
		Enrol: func(t *testing.T, users store.UserStore, u store.User) {
			if err := users.PutCredential(t.Context(),
				store.Credential{Kind: "word", ID: u.ID, Owner: u.ID, Data: []byte("open sesame"),
					Created: time.Now()}); err != nil {
				t.Fatal(err)
			}
		},
		Right:   map[string]string{"word": "open sesame"},
		Wrong:   []map[string]string{{"word": "open barley"}, {"word": "Open Sesame"}, {"word": "nobody's word"}},
		Repeats: true,
		Work:    func(m method.Method) int64 { return m.(*word).work.Load() },
	})
}

func openUsers(t *testing.T) store.UserStore {
	users, err := sql.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "db"), store.Env{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := users.Close(); err != nil {
			t.Error(err)
		}
	})
	return users
}

func TestDoublesKeepTheContract(t *testing.T) {
	for name, forms := range map[string]bool{"a redirect": false, "forms": true} {
		t.Run(name, func(t *testing.T) {
			p := &Provider{Name: "idp", Forms: forms}
			RunRedirects(t, Redirects{
				Users: openUsers,
				Open:  func(*testing.T, store.UserStore) method.Method { return p },
				SignIn: func(_ *testing.T, sent url.Values) url.Values {
					return p.SignIn(sent, method.Identity{Issuer: p.Address(), Subject: "ada"})
				},
			})
		})
	}
	t.Run("an enrolment", func(t *testing.T) {
		RunEnrolment(t, Enrolment{
			Users: openUsers,
			Open:  func(_ *testing.T, users store.UserStore) method.Method { return &Device{Users: users} },
			Answer: func(_ *testing.T, s method.Show) map[string]json.RawMessage {
				return map[string]json.RawMessage{"answer": (&Device{}).Answer("phone", s.Options)}
			},
			Wrong: []map[string]json.RawMessage{{"answer": []byte(`"phone"`)},
				{"answer": []byte(`{"device":"phone","challenge":"x"}`)}},
		})
	})
}
