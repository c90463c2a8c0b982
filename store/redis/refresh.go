package redis

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// markLife is how long the last identity told of a user is kept for sign-ins that are just being made with an older
// one. Between reading a user and storing the session lie a password's hashing and a few calls: seconds.
const markLife = 10 * time.Minute

// RefreshIdentity gives every session of a user the identity, or ends them.
func (s *Store) RefreshIdentity(ctx context.Context, id store.Identity) error {
	ctx, done, err := s.begin(ctx, bulkPatience)
	if err != nil {
		return err
	}
	defer done()
	return s.failed(ctx, "refreshing an identity", s.refresh(ctx, id))
}

func (s *Store) refresh(ctx context.Context, id store.Identity) error {
	mark, err := markOf(id)
	if err != nil {
		return err
	}
	p := s.place(id.UserID)
	listed, err := pairs(s.run(ctx, remember, append(p.keys(), p.mark), p.pattern(), mark, markLife.Milliseconds(),
		s.feed.channel, id.UserID))
	if err != nil {
		return err
	}
	found, err := s.signIns(ctx, id.UserID, listed)
	if err != nil {
		return err
	}
	for _, h := range found {
		if err := s.refreshSignIn(ctx, h, id); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}

// refreshSignIn changes the sign-in and then, even if another call changed it, its children: one that crashed between
// left them behind.
func (s *Store) refreshSignIn(ctx context.Context, h held, id store.Identity) error {
	h, err := s.change(ctx, s.signIn(ctx, id.UserID, h.session.ID), true, func(h held) (bool, error) {
		if h.identity.Version >= id.Version {
			return false, nil
		}
		h.identity = id
		return true, nil
	})
	if err != nil {
		return err
	}
	// An end that was begun and not finished is finished by who comes by.
	if !h.identity.Active || h.closing {
		return s.end(ctx, id.UserID, h.session.ID)
	}
	return s.spread(ctx, h)
}

// markOf packs an identity behind its version, which the scripts compare.
func markOf(id store.Identity) ([]byte, error) {
	r := &record{kind: isSignIn, identity: id, session: store.Session{UserID: id.UserID, ID: "-"}}
	b, err := r.encode()
	if err != nil {
		return nil, err
	}
	return append(binary.BigEndian.AppendUint64(nil, uint64(max(id.Version, 0))), b...), nil
}

func unmark(mark, userID string) (*store.Identity, error) {
	if len(mark) < 8 {
		return nil, errDamaged
	}
	r, err := decode([]byte(mark[8:]), store.Key{})
	if err != nil || r.kind != isSignIn || r.identity.UserID != userID {
		return nil, errDamaged
	}
	return &r.identity, nil
}
