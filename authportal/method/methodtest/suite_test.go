package methodtest

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/store"
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
			if err := users.PutCredential(t.Context(), store.Credential{Kind: "word", ID: u.ID, Owner: u.ID, Data: []byte("open sesame"), Created: time.Now()}); err != nil {
				t.Fatal(err)
			}
		},
		Right:   map[string]string{"word": "open sesame"},
		Wrong:   []map[string]string{{"word": "open barley"}, {"word": "Open Sesame"}, {"word": "nobody's word"}},
		Repeats: true,
		Work:    func(m method.Method) int64 { return m.(*word).work.Load() },
	})
}
