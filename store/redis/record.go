package redis

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// format is the first byte of every record. A later format gets another number; two versions of the gateway run side by
// side during an upgrade, so the old number is then still read.
const format = 1

// formatSecrets is the format of sessions that have changed their secret, and of what leads there from their other
// secrets.
const formatSecrets = 2

// What a record is, in the low bits of its second byte.
const (
	isSignIn  = 1
	isChild   = 2
	isPointer = 3 // the sign-in has another key now
	isAlias   = 0 // another secret of the session that lies under moved
	kindBits  = 3
)

// Flags, in the other bits.
const (
	flagRemembered = 1 << (iota + 2)
	flagClosing
	flagActive
	flagEmail           // there is a confirmed address …
	flagEmailIsUsername // … and it is the username
	flagAttributes
)

// record is what lies under a session's key.
type record struct {
	kind     int
	closing  bool // its end has begun: the family takes no child, its children go first, the record last
	session  store.Session
	identity store.Identity
	children []childRef // of a sign-in
	moved    store.Key  // of a pointer or an alias
	secrets  []secret   // oldest first; none before a second one was offered
}

// childRef lists a child. A retired one has had its key changed; it stays listed until its record is surely gone.
type childRef struct {
	key     store.Key
	retired bool
}

// encode packs r, or says why that cannot be.
func (r *record) encode() ([]byte, error) {
	p := &packer{b: make([]byte, 0, 256)}
	if r.kind == isPointer {
		return append(append(p.b, format, isPointer), r.moved[:]...), nil
	}
	if r.kind == isAlias {
		return append(append(p.b, formatSecrets, isAlias), r.moved[:]...), nil
	}
	version := byte(format)
	if len(r.secrets) > 0 {
		version = formatSecrets
	}
	s, id := &r.session, &r.identity
	p.b = append(p.b, version, byte(r.kind)|r.flags())
	p.id(s.UserID)
	p.id(s.ID)
	if r.kind == isChild {
		p.id(s.Parent)
	}
	p.text(s.Host)
	base := s.Created.UnixMilli()
	p.int(base)
	p.int(s.LastSeen.UnixMilli() - base)
	p.int(s.Expires.UnixMilli() - base)
	p.uint(uint64((s.Idle + time.Millisecond - 1) / time.Millisecond)) // rounded up: 0 means no limit
	p.uint(uint64(len(s.Proofs)))
	for _, proof := range s.Proofs {
		p.word(leveled(proof), methodWords)
		p.int(proof.At.UnixMilli() - base)
	}
	p.address(s.Address)
	p.text(shorten(s.Device))

	p.int(id.Version)
	p.text(id.Username)
	if id.Email != "" && id.Email != id.Username {
		p.text(id.Email)
	}
	p.text(id.Name)
	p.uint(uint64(len(id.Roles)))
	for _, role := range id.Roles {
		p.word(role, roleWords)
	}
	if len(id.Attributes) > 0 {
		attributes, err := json.Marshal(id.Attributes)
		if err != nil {
			return nil, fmt.Errorf("attributes: %w", err)
		}
		p.text(string(attributes))
	}
	if r.kind == isSignIn {
		p.uint(uint64(len(r.children)))
		for _, c := range r.children {
			retired := byte(0)
			if c.retired {
				retired = 1
			}
			p.b = append(append(p.b, retired), c.key[:]...)
		}
	}
	if len(r.secrets) > 0 {
		r.packSecrets(p)
	}
	return p.b, nil
}

func (r *record) flags() (f byte) {
	set := func(flag byte, on bool) {
		if on {
			f |= flag
		}
	}
	set(flagRemembered, r.session.Remembered)
	set(flagClosing, r.closing)
	set(flagActive, r.identity.Active)
	set(flagEmail, r.identity.Email != "")
	set(flagEmailIsUsername, r.identity.Email != "" && r.identity.Email == r.identity.Username)
	set(flagAttributes, len(r.identity.Attributes) > 0)
	return f
}

// decode reads a record that lies under key. Anything that encode did not write is errDamaged.
func decode(b []byte, key store.Key) (*record, error) {
	u := &unpacker{b: b}
	version := u.byte()
	if version != format && version != formatSecrets {
		return nil, errDamaged
	}
	flags := u.byte()
	has := func(flag byte) bool { return flags&flag != 0 }
	r := &record{kind: int(flags & kindBits), closing: has(flagClosing)}
	switch r.kind {
	case isPointer:
		r.moved = u.key()
		return r, u.end(flags == isPointer && version == format)
	case isAlias:
		r.moved = u.key()
		return r, u.end(flags == isAlias && version == formatSecrets)
	case isSignIn, isChild:
	default:
		return nil, errDamaged
	}
	s, id := &r.session, &r.identity
	s.Key, s.Remembered = key, has(flagRemembered)
	s.UserID = u.id()
	s.ID = u.id()
	if r.kind == isChild {
		s.Parent = u.id()
	}
	s.Host = u.text()
	s.Created = u.time(0)
	base := s.Created.UnixMilli()
	s.LastSeen, s.Expires = u.time(base), u.time(base)
	s.Idle = u.duration()
	if n := u.count(2); n > 0 {
		s.Proofs = make([]store.Proof, n)
		for i := range s.Proofs {
			s.Proofs[i].Method, s.Proofs[i].Level = levelOf(u.word(methodWords))
			s.Proofs[i].At = u.time(base)
		}
	}
	s.Address = u.address()
	device, ok := lengthen(u.text())
	s.Device = device

	id.UserID, id.Active = s.UserID, has(flagActive)
	id.Version = u.int()
	id.Username = u.text()
	switch {
	case has(flagEmailIsUsername):
		id.Email = id.Username
	case has(flagEmail):
		id.Email = u.text()
	}
	id.Name = u.text()
	if n := u.count(1); n > 0 {
		id.Roles = make([]string, n)
		for i := range id.Roles {
			id.Roles[i] = u.word(roleWords)
		}
	}
	id.Attributes = map[string]any{}
	if has(flagAttributes) {
		if json.Unmarshal(u.take(u.uint()), &id.Attributes) != nil || id.Attributes == nil {
			u.fail()
		}
	}
	if r.kind == isSignIn {
		for range u.count(33) {
			c := childRef{retired: u.byte() == 1}
			c.key = u.key()
			r.children = append(r.children, c)
		}
	}
	if version == formatSecrets {
		r.unpackSecrets(u)
	}
	// A family is found by these: a record without them is no session.
	return r, u.end(ok && s.UserID != "" && s.ID != "" && (r.kind == isSignIn || s.Parent != ""))
}

// end reports whether all was read, and read well.
func (u *unpacker) end(ok bool) error {
	if u.err == nil && (!ok || len(u.b) > 0) {
		u.err = errDamaged
	}
	return u.err
}

// live reports whether the record, taken by itself, opens a door at now. A child whose copy of the idle limit has
// passed may still be alive through its family.
func (r *record) live(now time.Time) bool {
	return r.kind != isPointer && r.kind != isAlias && r.identity.Active && !r.session.Expired(now)
}

// over reports whether no use of the family can keep the record alive.
func (r *record) over(now time.Time) bool {
	return r.kind == isPointer || r.kind == isAlias || !r.identity.Active || !now.Before(r.session.Expires)
}

// slack is how long records outlive their deadlines in Redis: clocks of gateways differ, and the deadline is theirs to
// judge.
const slack = time.Minute

// ttl is how long Redis keeps the record, counted from now. A child is kept until the absolute deadline: use of a
// sibling prolongs its life without touching it.
func (r *record) ttl(now time.Time) time.Duration {
	until := r.session.Expires
	if r.kind == isSignIn && r.session.Idle > 0 {
		if idle := r.session.LastSeen.Add(r.session.Idle); idle.Before(until) {
			until = idle
		}
	}
	return lifetime(until.Sub(now))
}

// lifetime makes d one that Redis takes: at least the slack, and no more than its arithmetic bears.
func lifetime(d time.Duration) time.Duration {
	const most = 10 * 365 * 24 * time.Hour
	return min(max(d, 0), most) + slack
}

// clone returns a copy that shares no slice that its owner may append to.
func (r *record) clone() *record {
	c := *r
	c.session.Proofs = slices.Clone(r.session.Proofs)
	c.children = slices.Clone(r.children)
	c.secrets = slices.Clone(r.secrets)
	return &c
}

// adopt brings a child up to what its sign-in holds, and reports whether that changed it. Each part only moves forward,
// so that copying from two readings of the sign-in in any order ends in the later.
func (r *record) adopt(signIn *record) (changed bool) {
	if signIn.identity.Version > r.identity.Version {
		r.identity, changed = signIn.identity, true
	}
	if len(signIn.session.Proofs) > len(r.session.Proofs) {
		r.session.Proofs, changed = slices.Clone(signIn.session.Proofs), true
	}
	if signIn.session.LastSeen.After(r.session.LastSeen) {
		r.session.LastSeen, changed = signIn.session.LastSeen, true
	}
	return changed
}

// position returns where key is listed, or -1.
func (r *record) position(key store.Key) int {
	return slices.IndexFunc(r.children, func(c childRef) bool { return c.key == key })
}

// lists reports whether key is that of a child, now.
func (r *record) lists(key store.Key) bool {
	i := r.position(key)
	return i >= 0 && !r.children[i].retired
}
