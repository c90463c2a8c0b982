package sql

import "github.com/gatehouse-auth/gatehouse/store"

func (s *Store) EmbeddedSessions() store.SessionStore { return nil }
