package password

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strconv"

	"golang.org/x/crypto/argon2"
)

const (
	argonPrefix = "$argon2id$v=19$"

	// The second recommended option of RFC 9106 §4, in one lane: lanes spread the same work over more cores, and those
	// belong to the proxied traffic.
	argonDefaultMemory  = 64 << 10 // KiB
	argonDefaultTime    = 3
	argonDefaultThreads = 1

	// A quarter GiB and half a minute for one guess are ways to be shut down by guessers, not strength.
	argonMaxMemory  = 256 << 10 // KiB
	argonMaxTime    = 16
	argonMaxThreads = 16
)

// argonMinMemory is the least memory for a number of passes (OWASP Password Storage Cheat Sheet, in KiB); from 5 passes on the last.
var argonMinMemory = [...]uint32{1: 46 << 10, 2: 19 << 10, 3: 12 << 10, 4: 9 << 10, 5: 7 << 10}

// argonHash is a parsed argon2id hash.
type argonHash struct {
	memory, time uint32
	threads      uint8
	salt, sum    []byte
}

// parseArgon reads "$argon2id$v=19$m=65536,t=3,p=1$salt$sum". Parameters beyond our maxima are refused here, before
// anything is computed: a stored row must not be able to ask for a terabyte.
func parseArgon(encoded []byte) (*argonHash, error) {
	rest, found := bytes.CutPrefix(encoded, []byte(argonPrefix))
	parts := bytes.Split(rest, []byte("$"))
	if !found || len(parts) != 3 || len(encoded) > 256 {
		return nil, errUnreadable
	}
	params := bytes.Split(parts[0], []byte(","))
	if len(params) != 3 {
		return nil, errUnreadable
	}
	var value [3]uint32
	for i, name := range []string{"m=", "t=", "p="} {
		digits, named := bytes.CutPrefix(params[i], []byte(name))
		n, err := strconv.ParseUint(string(digits), 10, 32)
		if !named || err != nil || n == 0 || digits[0] == '0' || digits[0] == '+' {
			return nil, errUnreadable
		}
		value[i] = uint32(n)
	}
	if value[0] > argonMaxMemory || value[1] > argonMaxTime || value[2] > argonMaxThreads {
		return nil, fmt.Errorf("argon2id %s: %w", parts[0], errTooCostly)
	}
	h := &argonHash{memory: value[0], time: value[1], threads: uint8(value[2])}
	var err error
	if h.salt, err = b64.AppendDecode(nil, parts[1]); err != nil || len(h.salt) < 8 {
		return nil, errUnreadable
	}
	if h.sum, err = b64.AppendDecode(nil, parts[2]); err != nil || len(h.sum) < 16 {
		return nil, errUnreadable
	}
	return h, nil
}

func (h *argonHash) matches(prepared []byte) bool {
	sum := argon2.IDKey(prepared, h.salt, h.time, h.memory, h.threads, uint32(len(h.sum)))
	return subtle.ConstantTimeCompare(sum, h.sum) == 1
}

// work is what one computation costs: blocks of a KiB written.
func (h *argonHash) work() uint32 { return h.memory * h.time }

func newArgon(prepared []byte, c Hash) []byte {
	h := dummyArgon(c)
	h.sum = argon2.IDKey(prepared, h.salt, h.time, h.memory, h.threads, uint32(len(h.sum)))
	return h.encode()
}

// dummyArgon returns a hash of nothing: it costs like one and no password matches it.
func dummyArgon(c Hash) *argonHash {
	random := make([]byte, 16+32)
	rand.Read(random)
	return &argonHash{memory: uint32(c.Memory), time: uint32(c.Time), threads: uint8(c.Threads), salt: random[:16], sum: random[16:]}
}

func (h *argonHash) encode() []byte {
	return fmt.Appendf(nil, "%sm=%d,t=%d,p=%d$%s$%s", argonPrefix, h.memory, h.time, h.threads,
		b64.EncodeToString(h.salt), b64.EncodeToString(h.sum))
}
