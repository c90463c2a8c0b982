package redis

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/store"
)

// errDamaged: the bytes are not a record of ours. They are an error of the store (503) and no session.
var errDamaged = errors.New("the record is damaged or foreign")

// packer appends values in the shortest form that unpacker reads back.
type packer struct{ b []byte }

func (p *packer) uint(n uint64) { p.b = binary.AppendUvarint(p.b, n) }
func (p *packer) int(n int64)   { p.b = binary.AppendVarint(p.b, n) }
func (p *packer) text(s string) { p.uint(uint64(len(s))); p.b = append(p.b, s...) }

// id packs the ids that Gatehouse makes into 17 bytes and any other as text.
func (p *packer) id(id string) {
	if raw, ok := rawID(id); ok {
		p.b = append(append(p.b, 0), raw...)
		return
	}
	p.uint(uint64(len(id)) + 1)
	p.b = append(p.b, id...)
}

// address packs an IP address in 5 or 17 bytes and any other text as it is.
func (p *packer) address(s string) {
	if ip, err := netip.ParseAddr(s); err == nil && ip.String() == s && ip.Zone() == "" && !ip.Is4In6() {
		p.b = append(append(p.b, byte(ip.BitLen()/8)), ip.AsSlice()...)
		return
	}
	p.b = append(p.b, 0)
	p.text(s)
}

// word packs the words of a list in one byte and any other as text. Such lists only ever grow at their end.
func (p *packer) word(s string, list []string) {
	p.b = append(p.b, byte(slices.Index(list, s)+1))
	if p.b[len(p.b)-1] == 0 {
		p.text(s)
	}
}

var (
	methodWords = []string{"password", "passkey", "totp", "email", "email_link", "recovery", "ldap", "kerberos",
		"certificate", "google", "microsoft", "github", "apple", "facebook"}
	roleWords = []string{"admin", "member", "editor", "author", "viewer", "user", "staff", "reviewer", "manager", "moderator",
		"developer", "support", "guest"}
)

// unpacker reads what packer wrote. The first fault sticks; every later value is zero.
type unpacker struct {
	b   []byte
	err error
}

func (u *unpacker) fail() {
	u.err = errDamaged
	u.b = nil
}

func (u *unpacker) take(n uint64) []byte {
	if n > uint64(len(u.b)) {
		u.fail()
		return nil
	}
	b := u.b[:n]
	u.b = u.b[n:]
	return b
}

func (u *unpacker) byte() byte {
	if b := u.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (u *unpacker) uint() uint64 {
	n, size := binary.Uvarint(u.b)
	if size <= 0 {
		u.fail()
		return 0
	}
	u.b = u.b[size:]
	return n
}

func (u *unpacker) int() int64 {
	n, size := binary.Varint(u.b)
	if size <= 0 {
		u.fail()
		return 0
	}
	u.b = u.b[size:]
	return n
}

// count reads how many items of at least size bytes follow, so that no damaged record makes room for a billion.
func (u *unpacker) count(size int) int {
	n := u.uint()
	if n > uint64(len(u.b)/size) {
		u.fail()
		return 0
	}
	return int(n)
}

func (u *unpacker) text() string { return string(u.take(u.uint())) }

func (u *unpacker) id() string {
	n := u.uint()
	if n == 0 {
		if raw := u.take(16); raw != nil {
			return plainBase32.EncodeToString(raw)
		}
		return ""
	}
	return string(u.take(n - 1))
}

func (u *unpacker) address() string {
	switch n := u.byte(); n {
	case 0:
		return u.text()
	case 4, 16:
		if ip, ok := netip.AddrFromSlice(u.take(uint64(n))); ok {
			return ip.String()
		}
	}
	u.fail()
	return ""
}

func (u *unpacker) word(list []string) string {
	n := int(u.byte())
	switch {
	case n == 0:
		return u.text()
	case n <= len(list):
		return list[n-1]
	}
	u.fail()
	return ""
}

func (u *unpacker) key() (k store.Key) {
	copy(k[:], u.take(uint64(len(k))))
	return k
}

// The years 1 to 9999, in milliseconds: a time outside was never written.
const firstMilli, lastMilli = -62_135_596_800_000, 253_402_300_799_999

// time reads milliseconds since base.
func (u *unpacker) time(base int64) time.Time {
	d := u.int()
	if d < firstMilli*2 || d > lastMilli*2 || base+d < firstMilli || base+d > lastMilli {
		u.fail()
		return time.Time{}
	}
	return time.UnixMilli(base + d).UTC()
}

// duration reads milliseconds.
func (u *unpacker) duration() time.Duration {
	n := u.uint()
	if n > uint64(math.MaxInt64/time.Millisecond) {
		u.fail()
		return 0
	}
	return time.Duration(n) * time.Millisecond
}
