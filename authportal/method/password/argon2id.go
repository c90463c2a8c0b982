package password

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"regexp"

	phc "github.com/go-crypt/crypt/algorithm/argon2"
	"golang.org/x/crypto/argon2"
)

const (
	argonPrefix = "$argon2id$v=19$"

	// The second recommended option of RFC 9106 §4, in one lane: lanes spread the same work over more cores, and those
	// belong to the proxied traffic.
	argonDefaultMemory  = 64 << 10 // KiB
	argonDefaultTime    = 3
	argonDefaultThreads = 1

	// More memory or time for one attempt would let attackers exhaust the gateway (denial of service).
	argonMaxMemory  = 256 << 10 // KiB
	argonMaxTime    = 16
	argonMaxThreads = 16
)

// argonMinMemory is the least memory for a number of passes (OWASP Password Storage Cheat Sheet, in KiB); from 5 passes
// on the last.
var argonMinMemory = [...]uint32{1: 46 << 10, 2: 19 << 10, 3: 12 << 10, 4: 9 << 10, 5: 7 << 10}

// argonForm is stricter than the library that decodes it.
var argonForm = regexp.MustCompile(`^\$argon2id\$v=19\$m=([1-9][0-9]{0,9}),t=([1-9][0-9]{0,9}),p=([1-9][0-9]{0,9})` +
	`\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{22,}$`)

// argonHash is a parsed argon2id hash.
type argonHash struct {
	memory, time uint32
	threads      uint8
	salt, sum    []byte
}

// parseArgon reads "$argon2id$v=19$m=65536,t=3,p=1$salt$sum". Parameters beyond our maxima are refused here, before
// anything is computed: a stored row must not be able to ask for a terabyte.
func parseArgon(encoded []byte) (*argonHash, error) {
	form := argonForm.FindStringSubmatch(string(encoded))
	if form == nil || len(encoded) > 256 {
		return nil, errUnreadable
	}
	n := numbers(form[1:])
	if n[0] > argonMaxMemory || n[1] > argonMaxTime || n[2] > argonMaxThreads {
		return nil, fmt.Errorf("argon2id m=%d,t=%d,p=%d: %w", n[0], n[1], n[2], errTooCostly)
	}
	digest, err := phc.Decode(form[0])
	if err != nil || digest.Encode() != form[0] { // stray bits at the end of base64
		return nil, errUnreadable
	}
	return &argonHash{
		memory: uint32(n[0]), time: uint32(n[1]), threads: uint8(n[2]), salt: digest.Salt(), sum: digest.Key(),
	}, nil
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
	return &argonHash{
		memory: uint32(c.Memory), time: uint32(c.Time), threads: uint8(c.Threads), salt: random[:16], sum: random[16:],
	}
}

// encode writes the hash by hand: the library rounds the memory of what it hashes itself, after which no hash would
// match the settings that it was made under.
func (h *argonHash) encode() []byte {
	return fmt.Appendf(nil, "%sm=%d,t=%d,p=%d$%s$%s", argonPrefix, h.memory, h.time, h.threads,
		b64.EncodeToString(h.salt), b64.EncodeToString(h.sum))
}
