package redis

import (
	"context"
	"errors"

	"github.com/gatehouse-auth/gatehouse/store"
)

// EndSession ends a sign-in with its children.
func (s *Store) EndSession(ctx context.Context, userID, id string) error {
	ctx, done, err := s.begin(ctx, writePatience)
	if err != nil {
		return err
	}
	defer done()
	return s.failed(ctx, "ending a session", s.end(ctx, userID, id))
}

// EndSessionsOf ends a user's sign-ins but one.
func (s *Store) EndSessionsOf(ctx context.Context, userID, except string) (int, error) {
	ctx, done, err := s.begin(ctx, bulkPatience)
	if err != nil {
		return 0, err
	}
	defer done()
	found, err := s.userSignIns(ctx, userID)
	if err != nil {
		return 0, s.failed(ctx, "ending sessions", err)
	}
	n := 0
	for _, h := range found {
		if h.session.ID == except {
			continue
		}
		switch err := s.end(ctx, userID, h.session.ID); {
		case err == nil:
			n++
		case !errors.Is(err, store.ErrNotFound):
			return n, s.failed(ctx, "ending sessions", err)
		}
	}
	return n, nil
}

// end closes the family to newcomers, deletes the children, then the sign-in. In this order a crash leaves a sign-in
// that can be ended again, and no child that its end would miss. Of racing callers the one that deletes the sign-in
// wins.
func (s *Store) end(ctx context.Context, userID, id string) error {
	for {
		h, err := s.change(ctx, s.signIn(ctx, userID, id), false, func(h held) (bool, error) {
			if h.session.Expired(s.now()) {
				return false, store.ErrNotFound
			}
			if h.closing {
				return false, nil
			}
			h.closing = true
			return true, nil
		})
		if err != nil {
			return err
		}
		for _, c := range h.children {
			if err := s.drop(ctx, userID, c.key); err != nil {
				return err
			}
		}
		if _, err = s.swap(ctx, h, nil, userID); err == nil {
			s.discard(ctx, h.aliases()...)
			return s.unlist(ctx, userID, id)
		}
		if !errors.Is(err, errLost) {
			return err
		}
	}
}
