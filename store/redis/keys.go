package redis

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"

	"github.com/gatehouse-auth/gatehouse/store"
)

// Under the prefix (default "gatehouse:"):
//
//	s<key>            a session record, the pointer that a changed key leaves behind, or the way to the record from
//	                  another secret of it; <key> is 32 raw bytes
//	i{<3 hex>}        index bucket: which sign-ins a user has; a hash of <user tag><sign-in tag> → <key><deadline>
//	i{<3 hex>}<hex>   its overflow
//	v{<3 hex>}<user>  the identity that RefreshIdentity told last, for ten minutes
//	t<name>           a ticket; <name> is the SHA-256 of purpose and key
//	c<name>           a counter; <name> is half the SHA-256 of its name
//
// and the channels `feed` and `beat:<instance>`. Names are binary: they are never shown, and short names are most of
// what keeps a session below 400 bytes.
const defaultPrefix = "gatehouse:"

func (s *Store) recordKey(key store.Key) string { return s.prefix + "s" + string(key[:]) }

func (s *Store) ticketKey(purpose string, key store.Key) string {
	sum := sha256.Sum256(append([]byte(purpose+"\x00"), key[:]...))
	return s.prefix + "t" + string(sum[:])
}

// counterKey hides the name: it holds what a stranger typed, of any length.
func (s *Store) counterKey(name string) string {
	sum := sha256.Sum256([]byte(name))
	return s.prefix + "c" + string(sum[:16])
}

// place is where the index keeps a user's sign-ins. A key per user would cost more than the session itself, so users
// share buckets: 1,024 hashes of up to 256 entries, which Redis packs into one allocation each, and 16 overflows behind
// each, chosen by the user, up to some millions of sign-ins. All keys of a place share a hash tag.
type place struct {
	top, over, mark string
	tag             string // 4 bytes that begin the fields of this user, and by accident of few others
}

func (s *Store) place(userID string) place {
	sum := sha256.Sum256([]byte(userID))
	digits := hex.EncodeToString(sum[:3])
	tagged := "{" + string("0123"[sum[0]>>6]) + digits[1:3] + "}" // 10 bits
	return place{
		top:  s.prefix + "i" + tagged,
		over: s.prefix + "i" + tagged + digits[3:4],
		mark: s.prefix + "v" + tagged + string(sum[8:24]),
		tag:  string(sum[4:8]),
	}
}

func (p place) keys() []string { return []string{p.top, p.over} }

// field names a sign-in in its bucket. 64 bits of its id tell it from the user's others; the record settles it.
func (p place) field(signIn string) string {
	sum := sha256.Sum256([]byte(signIn))
	return p.tag + string(sum[:8])
}

// pattern matches the fields of one user: the tag with its special characters escaped.
func (p place) pattern() string {
	var b strings.Builder
	for i := range len(p.tag) {
		if strings.IndexByte(`*?[]\^-`, p.tag[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(p.tag[i])
	}
	return b.String() + "*"
}

var plainBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// rawID returns the 16 bytes that id spells, if it is an id as Gatehouse makes them.
func rawID(id string) ([]byte, bool) {
	if len(id) != 26 {
		return nil, false
	}
	raw, err := plainBase32.DecodeString(id)
	if err != nil || plainBase32.EncodeToString(raw) != id {
		return nil, false
	}
	return raw, true
}
