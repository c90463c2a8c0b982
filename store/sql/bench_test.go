package sql

import (
	"fmt"
	"testing"

	"github.com/gatehouse-auth/gatehouse/store"
)

// BenchmarkSession reads one session of many with its account: what a miss of the cache costs.
func BenchmarkSession(b *testing.B) {
	s, err := OpenSQLite(b.Context(), b.TempDir()+"/gatehouse.db", store.Env{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	sessions := s.EmbeddedSessions()
	const accounts = 200
	for i := range accounts {
		u := person(fmt.Sprint(i), "member")
		l := signInOf(u)
		if err := s.CreateUser(b.Context(), u); err != nil {
			b.Fatal(err)
		}
		if err := sessions.CreateSession(b.Context(), &l); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := sessions.Session(b.Context(), store.KeyOf([]byte(fmt.Sprint(i%accounts)))); err != nil {
			b.Fatal(err)
		}
	}
}
