package redis

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// secret is one of several by which a session is or was opened. It has been offered, is the present one, or is old.
type secret struct {
	key     store.Key
	present bool
	retired time.Time // zero unless it is old
}

func (r *record) packSecrets(p *packer) {
	p.moment(r.session.SecretSince)
	p.moment(r.session.Offered)
	p.uint(uint64(len(r.secrets)))
	for _, one := range r.secrets {
		state := byte(0)
		if one.present {
			state = 1
		}
		p.b = append(append(p.b, state), one.key[:]...)
		p.moment(one.retired)
	}
}

func (r *record) unpackSecrets(u *unpacker) {
	r.session.SecretSince, r.session.Offered = u.moment(), u.moment()
	for range u.count(34) {
		one := secret{present: u.byte() == 1}
		one.key = u.key()
		one.retired = u.moment()
		r.secrets = append(r.secrets, one)
	}
}

// moment packs a time that may be zero.
func (p *packer) moment(t time.Time) {
	if t.IsZero() {
		p.int(0)
		return
	}
	p.int(t.UnixMilli())
}

func (u *unpacker) moment() time.Time {
	t := u.time(0)
	if t.UnixMilli() == 0 {
		return time.Time{}
	}
	return t
}

// aliases are the keys that lead to the record.
func (h held) aliases() (keys []store.Key) {
	for _, one := range h.secrets {
		if one.key != h.key {
			keys = append(keys, one.key)
		}
	}
	return keys
}

func (r *record) forgetSecrets() {
	r.secrets, r.session.SecretSince, r.session.Offered = nil, time.Time{}, time.Time{}
}

// knows returns where key stands among the secrets, or -1.
func (r *record) knows(key store.Key) int {
	return slices.IndexFunc(r.secrets, func(one secret) bool { return one.key == key })
}

// promote makes the secret at i the present one, and all others old.
func (r *record) promote(i int, now time.Time) {
	for j := range r.secrets {
		one := &r.secrets[j]
		one.present = j == i
		if j != i && one.retired.IsZero() {
			one.retired = now
		}
	}
	r.session.SecretSince, r.session.Offered = now, time.Time{}
}

// Session reads one record, by way of an alias two, and the sign-in's too where a child's copy of the idle limit has
// passed: use of another host may have prolonged its life.
func (s *Store) Session(ctx context.Context, key store.Key) (store.ActiveSession, error) {
	return s.read(ctx, key, s.shown)
}

// PeekSession returns the session that key is any secret of.
func (s *Store) PeekSession(ctx context.Context, key store.Key) (store.ActiveSession, error) {
	return s.read(ctx, key, s.look)
}

func (s *Store) read(ctx context.Context, key store.Key, by func(context.Context, store.Key) (held, error)) (store.ActiveSession, error) {
	ctx, done, err := s.begin(ctx, readPatience)
	if err != nil {
		return store.ActiveSession{}, err
	}
	defer done()
	h, err := by(ctx, key)
	if _, ok := errors.AsType[*store.ReplayedError](err); ok {
		return store.ActiveSession{}, err
	}
	if err != nil {
		return store.ActiveSession{}, s.failed(ctx, "reading a session", err)
	}
	return h.copied(), nil
}

// look finds the living record of a secret.
func (s *Store) look(ctx context.Context, key store.Key) (held, error) {
	h, err := s.load(ctx, key)
	if err == nil && h.kind == isAlias {
		if h, err = s.load(ctx, h.moved); err == nil && h.knows(key) < 0 {
			err = store.ErrNotFound
		}
	}
	if err == nil {
		err = s.judge(ctx, h)
	}
	return h, err
}

// shown finds the record of a secret that a browser shows, and does what comes of that.
func (s *Store) shown(ctx context.Context, key store.Key) (held, error) {
	h, err := s.look(ctx, key)
	if err != nil || len(h.secrets) == 0 {
		return h, err
	}
	i := h.knows(key)
	if i >= 0 && !h.secrets[i].present && h.secrets[i].retired.IsZero() {
		// Who shows it at the same time finds it present, or another of those offered, and this one old.
		_, err = s.change(ctx, s.at(ctx, h.key), true, func(h held) (bool, error) {
			i := h.knows(key)
			if i < 0 || h.closing || h.over(s.now()) {
				return false, store.ErrNotFound
			}
			if h.secrets[i].present || !h.secrets[i].retired.IsZero() {
				return false, nil
			}
			h.promote(i, s.now())
			return true, nil
		})
		if err == nil {
			h, err = s.look(ctx, key)
		}
		if err != nil {
			return h, err
		}
		h.session.Promoted = true
		i = h.knows(key)
	}
	switch {
	case i < 0:
		return h, store.ErrNotFound
	case h.secrets[i].present:
		return h, nil
	}
	if h.session.Until = h.secrets[i].retired.Add(store.ReplayGrace); s.now().Before(h.session.Until) {
		return h, nil
	}
	// Of all who show a copy, the one that ends the family tells of it.
	if err := s.end(ctx, h.session.UserID, h.session.RootID()); err != nil {
		return h, err
	}
	return h, &store.ReplayedError{Session: h.copied()}
}

// OfferSecret lists a further secret of a session. Its alias is written first: no one knows it yet.
func (s *Store) OfferSecret(ctx context.Context, userID string, key, next store.Key) error {
	ctx, done, err := s.begin(ctx, writePatience)
	if err != nil {
		return err
	}
	defer done()
	written := false
	var forgotten []store.Key
	_, err = s.change(ctx, s.at(ctx, key), false, func(h held) (bool, error) {
		now := s.now()
		if h.kind != isSignIn && h.kind != isChild || h.session.UserID != userID || h.closing {
			return false, store.ErrNotFound
		}
		if h.knows(next) >= 0 {
			return false, nil // our swap's answer was lost
		}
		if err := s.judge(ctx, h); err != nil {
			return false, err
		}
		if !h.session.MayOffer(now) {
			return false, store.ErrStale
		}
		alias := &record{kind: isAlias, moved: key, session: h.session}
		if err := s.put(ctx, next, alias, written); err != nil {
			return false, err
		}
		written = true
		if len(h.secrets) == 0 {
			h.secrets = []secret{{key: key, present: true}}
		}
		forgotten = nil
		if len(h.secrets) >= store.MaxSecrets {
			i := slices.IndexFunc(h.secrets, func(one secret) bool { return !one.present && one.key != key })
			forgotten = []store.Key{h.secrets[i].key}
			h.secrets = slices.Delete(h.secrets, i, i+1)
		}
		h.secrets = append(h.secrets, secret{key: next})
		h.session.Offered = now
		return true, nil
	})
	if err != nil {
		if written && (errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrStale)) {
			s.discard(ctx, next)
		}
		return s.failed(ctx, "offering a secret", err)
	}
	s.discard(ctx, forgotten...)
	return nil
}
