package password

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"regexp"

	"golang.org/x/crypto/bcrypt"
)

const (
	bcryptPrefix = "$gatehouse-bcrypt$v=1$"

	// bcryptLabel separates our inner HMAC from every other use of HMAC-SHA-384.
	bcryptLabel = "gatehouse password v1\x00"

	bcryptMinCost     = 10 // OWASP Password Storage Cheat Sheet
	bcryptDefaultCost = 12
	bcryptMaxCost     = 16 // some four seconds: more would lock people out of their own gateway

	bcryptReads = 72 // bytes of a password that bcrypt reads
	bcryptChars = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

var b64 = base64.RawStdEncoding.Strict()

// bcryptForm is the format of crypt(3). Implementations differ in the letter after "$2" only.
var bcryptForm = regexp.MustCompile(`^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$`)

// bcryptHash is a parsed bcrypt hash: ours, or one of other software (salt is nil).
type bcryptHash struct {
	salt  []byte // of the HMAC
	crypt []byte // "$2a$12$…", 60 bytes
	cost  int
}

// parseBcrypt reads both forms. A cost beyond our maximum is refused here, before anything is computed: 2^31 rounds in
// one stored row would hold a slot of the pool for a day.
func parseBcrypt(encoded []byte) (*bcryptHash, error) {
	h := &bcryptHash{crypt: encoded}
	if rest, ours := bytes.CutPrefix(encoded, []byte(bcryptPrefix)); ours {
		salt, _, found := bytes.Cut(rest, []byte("$"))
		if !found {
			return nil, errUnreadable
		}
		h.crypt = rest[len(salt):]
		var err error
		if h.salt, err = b64.AppendDecode(nil, salt); err != nil || len(h.salt) != 16 {
			return nil, errUnreadable
		}
	}
	if !bcryptForm.Match(h.crypt) {
		return nil, errUnreadable
	}
	cost, err := bcrypt.Cost(h.crypt)
	if err != nil {
		return nil, errUnreadable
	}
	if cost > bcryptMaxCost {
		return nil, fmt.Errorf("bcrypt cost %d: %w", cost, errTooCostly)
	}
	h.cost = cost
	return h, nil
}

// matches computes the hash of a prepared password and compares. It costs the same whatever the password is.
func (h *bcryptHash) matches(prepared []byte) bool {
	input, readable := prepared, true
	if h.salt != nil {
		input = bcryptInput(h.salt, prepared)
	} else {
		// Other software kept no more than this of it. What it did with a NUL is unknown, so such a password is wrong.
		input = prepared[:min(len(prepared), bcryptReads)]
		readable = bytes.IndexByte(prepared, 0) < 0
	}
	return bcrypt.CompareHashAndPassword(h.crypt, input) == nil && readable
}

func newBcrypt(prepared []byte, cost int) ([]byte, error) {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails (crypto/rand)
	crypt, err := bcrypt.GenerateFromPassword(bcryptInput(salt, prepared), cost)
	if err != nil {
		return nil, err
	}
	return append(bcryptHead(salt), crypt...), nil
}

// dummyBcrypt returns a hash of nothing: it looks and costs like one and no password matches it.
func dummyBcrypt(cost int) []byte {
	random := make([]byte, 16+53)
	rand.Read(random)
	for i, b := range random[16:] {
		random[16+i] = bcryptChars[b%64]
	}
	random[16+21] = '.' // 22 characters hold 132 bits, the last four of which must be zero
	return fmt.Appendf(bcryptHead(random[:16]), "$2a$%02d$%s", cost, random[16:])
}

func bcryptHead(salt []byte) []byte { return b64.AppendEncode([]byte(bcryptPrefix), salt) }

// bcryptInput is the 64 characters that bcrypt hashes in place of the password; see the package's documentation.
func bcryptInput(salt, prepared []byte) []byte {
	mac := hmac.New(sha512.New384, salt)
	mac.Write([]byte(bcryptLabel))
	mac.Write(prepared)
	return b64.AppendEncode(nil, mac.Sum(nil))
}
