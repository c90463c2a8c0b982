package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// CreateSession stores a sign-in or a child; see store.Sessions. A sign-in whose user was disabled since the caller
// read it is refused with ErrNotFound; one whose user got other rights gets those.
func (s *Store) CreateSession(ctx context.Context, l *store.ActiveSession) error {
	ctx, done, err := s.begin(ctx, writePatience)
	if err != nil {
		return err
	}
	defer done()
	if l.Session.UserID == "" || l.Session.ID == "" {
		return errors.New("creating a session: it has no user or no id")
	}
	var made *record
	if l.Session.Parent != "" {
		made, err = s.createChild(ctx, l.Session)
	} else {
		made, err = s.createSignIn(ctx, *l)
	}
	if err != nil {
		return s.failed(ctx, "creating a session", err)
	}
	*l = made.copied()
	return nil
}

func (s *Store) createSignIn(ctx context.Context, l store.ActiveSession) (*record, error) {
	if l.Identity.UserID != l.Session.UserID {
		return nil, errors.New("the identity is another user's")
	}
	r := &record{kind: isSignIn, session: l.Session, identity: l.Identity}
	if err := s.put(ctx, l.Session.Key, r, false); err != nil {
		return nil, err
	}
	newest, err := s.enter(ctx, r)
	if err == nil && newest != nil && newest.Version > r.identity.Version {
		r, err = s.overtaken(ctx, r, newest)
	}
	if err != nil {
		s.discard(ctx, l.Session.Key)
		return nil, err
	}
	b, err := r.encode()
	if err != nil {
		return nil, err
	}
	// What is returned is what the next reading returns, rounded to milliseconds as it is.
	return decode(b, l.Session.Key)
}

// overtaken gives a sign-in that was just stored the rights that were told while it was being made.
func (s *Store) overtaken(ctx context.Context, r *record, newest *store.Identity) (*record, error) {
	if !newest.Active {
		if err := s.unlist(ctx, r.session.UserID, r.session.ID); err != nil {
			return nil, err
		}
		return nil, store.ErrNotFound
	}
	h, err := s.change(ctx, s.at(ctx, r.session.Key), true, func(h held) (bool, error) {
		if h.identity.Version >= newest.Version {
			return false, nil
		}
		h.identity = *newest
		return true, nil
	})
	return h.record, err
}

// createChild writes the child as its sign-in is now, and then lists it there, if nothing of the sign-in has changed
// between. Once it is listed every change finds it; before, no one knows its secret.
func (s *Store) createChild(ctx context.Context, want store.Session) (*record, error) {
	var child *record
	_, err := s.change(ctx, s.signIn(ctx, want.UserID, want.Parent), false, func(parent held) (bool, error) {
		if parent.position(want.Key) >= 0 {
			return false, nil // our swap's answer was lost
		}
		if parent.closing || !parent.record.live(s.now()) {
			return false, store.ErrNotFound
		}
		again := child != nil
		child = childOf(parent.record, want)
		if err := s.put(ctx, want.Key, child, again); err != nil {
			return false, err
		}
		if err := s.makeRoom(ctx, parent); err != nil {
			return false, err
		}
		parent.children = append(parent.children, childRef{key: want.Key})
		return true, nil
	})
	if err != nil {
		if child != nil && errors.Is(err, store.ErrNotFound) {
			s.discard(ctx, want.Key)
		}
		return nil, err
	}
	return child, nil
}

// childOf returns the session of one host: its own name and time, everything else the sign-in's.
func childOf(parent *record, want store.Session) *record {
	child := &record{kind: isChild, session: parent.session, identity: parent.identity}
	c := &child.session
	c.Key, c.ID, c.Parent, c.Host, c.Created = want.Key, want.ID, parent.session.ID, want.Host, want.Created
	c.Proofs = slices.Clone(c.Proofs)
	c.SecretSince, c.Offered = time.Time{}, time.Time{} // its secret is its own
	return child
}

// maxChildren bounds a family. A browser that loses its cookies at one host again and again makes a child each time;
// the oldest goes first.
const maxChildren = 256

func (s *Store) makeRoom(ctx context.Context, parent held) error {
	for len(parent.children) >= maxChildren {
		if err := s.drop(ctx, parent.session.UserID, parent.children[0].key); err != nil {
			return err
		}
		parent.children = parent.children[1:]
	}
	return nil
}

// judge returns nil where h is alive, and ErrNotFound where it is over.
func (s *Store) judge(ctx context.Context, h held) error {
	now := s.now()
	if h.over(now) {
		return store.ErrNotFound
	}
	if h.record.live(now) {
		return nil
	}
	if h.kind != isChild {
		return store.ErrNotFound
	}
	parent, err := s.signIn(ctx, h.session.UserID, h.session.Parent)()
	if err != nil {
		return err
	}
	if !parent.record.live(now) || !parent.lists(h.key) {
		return store.ErrNotFound
	}
	h.adopt(parent.record)
	return nil
}

// copied returns the record as callers know it. It was decoded for this call, so it is the caller's own.
func (r *record) copied() store.ActiveSession {
	return store.ActiveSession{Session: r.session, Identity: r.identity}
}

// SessionByID returns a sign-in by its public id.
func (s *Store) SessionByID(ctx context.Context, userID, id string) (store.ActiveSession, error) {
	ctx, done, err := s.begin(ctx, readPatience)
	if err != nil {
		return store.ActiveSession{}, err
	}
	defer done()
	h, err := s.signIn(ctx, userID, id)()
	if err == nil && !h.record.live(s.now()) {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.ActiveSession{}, s.failed(ctx, "reading a sign-in", err)
	}
	return h.copied(), nil
}

// SessionsOf returns the live sign-ins of a user, newest first.
func (s *Store) SessionsOf(ctx context.Context, userID string) ([]store.Session, error) {
	ctx, done, err := s.begin(ctx, bulkPatience)
	if err != nil {
		return nil, err
	}
	defer done()
	found, err := s.userSignIns(ctx, userID)
	if err != nil {
		return nil, s.failed(ctx, "listing sign-ins", err)
	}
	now := s.now()
	var list []store.Session
	for _, h := range found {
		if h.record.live(now) {
			list = append(list, h.session)
		}
	}
	slices.SortFunc(list, func(a, b store.Session) int {
		if c := b.Created.Compare(a.Created); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list, nil
}

func (s *Store) userSignIns(ctx context.Context, userID string) ([]held, error) {
	entries, err := s.entries(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("reading the index: %w", err)
	}
	return s.signIns(ctx, userID, entries)
}
