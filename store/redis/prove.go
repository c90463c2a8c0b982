package redis

import (
	"context"
	"errors"

	"github.com/gatehouse-auth/gatehouse/store"
)

// ProveSession records a proof on a family and gives the session a new key; see store.Sessions.
func (s *Store) ProveSession(ctx context.Context, old, next store.Key, p store.Proof) error {
	ctx, done, err := s.begin(ctx, writePatience)
	if err != nil {
		return err
	}
	defer done()
	h, err := s.load(ctx, old)
	if err == nil {
		err = s.judge(ctx, h)
	}
	var family held
	switch {
	case err != nil:
	case h.kind == isSignIn:
		family, err = s.proveSignIn(ctx, old, next, p)
	default:
		family, err = s.proveChild(ctx, h, next, p)
	}
	if err != nil {
		return s.failed(ctx, "proving on a session", err)
	}
	// The step is done and the new secret is the only one: an error now would make the caller throw it away. A sibling
	// that hears of the proof later asks for it again, which is safe.
	if err := s.spread(ctx, family); err != nil {
		s.env.Log.Warn("a proof did not reach every host of a session", "session", family.session.ID, "error", err)
	}
	return nil
}

// proveSignIn writes the record under its new key, which no one knows, and then turns the old one into a pointer, if it
// is still what was copied. That step alone ends the old secret, and no change can be lost on either side of it. The
// index hears of it next; who follows it until then is led on by the pointer.
func (s *Store) proveSignIn(ctx context.Context, old, next store.Key, p store.Proof) (held, error) {
	var proved *record
	var void []store.Key
	h, err := s.change(ctx, s.at(ctx, old), true, func(h held) (bool, error) {
		if h.kind == isPointer && h.moved == next && proved != nil {
			return false, nil // our swap's answer was lost
		}
		if h.kind != isSignIn || h.closing || !h.record.live(s.now()) {
			return false, store.ErrNotFound
		}
		again := proved != nil
		proved = h.clone()
		proved.session.Key = next
		proved.forgetSecrets()
		proved.session.Proofs = append(proved.session.Proofs, p)
		if err := s.put(ctx, next, proved, again); err != nil {
			return false, err
		}
		void = h.aliases()
		h.kind, h.moved = isPointer, next
		return true, nil
	})
	if err != nil {
		if proved != nil && errors.Is(err, store.ErrNotFound) {
			s.discard(ctx, next)
		}
		return held{}, err
	}
	s.discard(ctx, void...)
	session := &proved.session
	where := s.place(session.UserID)
	err = s.run(ctx, reenter, where.keys(), where.field(session.ID),
		entryValue(old, session.Expires), entryValue(next, session.Expires)).Err()
	if err == nil {
		_, err = s.swap(ctx, h, nil, "")
	}
	if err != nil && !errors.Is(err, errLost) {
		// The pointer stays and leads those who follow the index.
		s.env.Log.Warn("the index of sign-ins did not hear of a changed key yet", "session", session.ID, "error", err)
	}
	return held{record: proved, key: next}, nil
}

// proveChild writes the child under its new key, and then lists that in the place of the old one, with the proof, if
// the sign-in is still what was copied. The old key stays listed as retired until its record is gone, so that no crash
// leaves it alive where no end looks.
func (s *Store) proveChild(ctx context.Context, h held, next store.Key, p store.Proof) (held, error) {
	written := false
	family, err := s.change(ctx, s.signIn(ctx, h.session.UserID, h.session.Parent), true, func(parent held) (bool, error) {
		if parent.position(next) >= 0 {
			return false, nil // our swap's answer was lost
		}
		if !parent.lists(h.key) || parent.closing || !parent.record.live(s.now()) {
			return false, store.ErrNotFound
		}
		parent.session.Proofs = append(parent.session.Proofs, p)
		if err := s.put(ctx, next, childOf(parent.record, sessionAt(h.session, next)), written); err != nil {
			return false, err
		}
		written = true
		parent.children[parent.position(h.key)].retired = true
		parent.children = append(parent.children, childRef{key: next})
		return true, nil
	})
	if err != nil {
		if written && errors.Is(err, store.ErrNotFound) {
			s.discard(ctx, next)
		}
		return held{}, err
	}
	s.discard(ctx, h.aliases()...)
	if err := s.drop(ctx, h.session.UserID, h.key); err != nil {
		// The old secret would still be good. It is the browser's own, and the family's end finds it.
		s.env.Log.Warn("the key of a session before a proof is still there", "session", h.session.ID, "error", err)
		return family, nil
	}
	_, err = s.change(ctx, s.signIn(ctx, h.session.UserID, h.session.Parent), false, func(parent held) (bool, error) {
		i := parent.position(h.key)
		if i < 0 {
			return false, nil
		}
		parent.children = append(parent.children[:i], parent.children[i+1:]...)
		return true, nil
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.env.Log.Debug("a retired key stays listed", "session", h.session.ID, "error", err)
	}
	return family, nil
}

func sessionAt(s store.Session, key store.Key) store.Session {
	s.Key = key
	return s
}

// spread brings the children of a sign-in up to what it holds.
func (s *Store) spread(ctx context.Context, family held) error {
	for _, c := range family.children {
		if c.retired {
			continue
		}
		_, err := s.change(ctx, s.at(ctx, c.key), true, func(h held) (bool, error) {
			if h.kind != isChild {
				return false, nil
			}
			return h.adopt(family.record), nil
		})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}
