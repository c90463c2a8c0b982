package password

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

var (
	errUnreadable = errors.New("stored password hash is not in a format that we know")
	errTooCostly  = errors.New("stored password hash demands more work than we are willing to do")
)

// hasher hashes and compares passwords in a bounded pool. It is safe for concurrent use.
type hasher struct {
	settings Settings
	pool     *pool
}

// newHasher returns an error if the settings are out of bounds.
func newHasher(s Settings) (*hasher, error) {
	s, err := s.complete()
	if err != nil {
		return nil, err
	}
	return &hasher{settings: s, pool: newPool(defaultSlots(), queueLength)}, nil
}

// refusal says why typed cannot become a password: one of the reason constants, empty if it can.
func (h *hasher) refusal(typed string) string { return refusal(typed, h.settings.MinLength) }

// hash returns the encoded hash of a password that refusal accepts. It returns method.ErrBusy if too many are being
// hashed.
func (h *hasher) hash(ctx context.Context, typed string) (encoded []byte, err error) {
	prepared, ok := prepare(typed)
	if !ok {
		return nil, fmt.Errorf("hashing a password: longer than %d bytes", maxBytes)
	}
	busy := h.pool.do(ctx, func() { encoded, err = h.settings.Hash.hash(prepared) })
	if busy != nil {
		return nil, busy
	}
	return encoded, err
}

// verify compares a typed password with a stored hash. A nil hash (no such account, or one without a password) costs
// the same and never matches. outdated reports that the password matched, and that its hash was made under other
// settings than the present ones. An error means that we failed, method.ErrBusy that too many passwords are being
// hashed.
//
// A wrong password costs the same whether the account is unknown, has a hash of the present settings, or has a cheaper
// hash of the same algorithm: the difference is spent as well. After a change of algorithm, or to cheaper settings, an
// account that has not signed in since can be recognized by time; its owner's next sign-in ends that.
func (h *hasher) verify(ctx context.Context, stored []byte, typed string) (match, outdated bool, err error) {
	prepared, hashable := prepare(typed)
	present := h.settings.Hash
	var hash parsed
	known := stored != nil
	if known {
		if hash, err = parse(stored); err != nil {
			return false, false, err
		}
	} else {
		hash = present.dummy()
	}
	err = h.pool.do(ctx, func() {
		match = hash.matches(prepared) && known && hashable
		if !match {
			present.equalizeCost(hash)
		}
	})
	if err != nil {
		return false, false, err
	}
	return match, match && !present.matchesParams(hash), nil
}

// parsed is a stored hash that can be computed.
type parsed interface {
	matches(prepared []byte) bool
}

// parse reads an encoded hash. What it accepts can be computed in bounded time and memory.
func parse(encoded []byte) (parsed, error) {
	if bytes.HasPrefix(encoded, []byte("$argon2id$")) {
		return asParsed(parseArgon(encoded))
	}
	if bytes.HasPrefix(encoded, []byte("$2")) || bytes.HasPrefix(encoded, []byte(bcryptPrefix)) {
		return asParsed(parseBcrypt(encoded))
	}
	return asParsed(parseForeign(encoded))
}

func asParsed[T parsed](h T, err error) (parsed, error) {
	if err != nil {
		return nil, fmt.Errorf("reading a password hash: %w", err)
	}
	return h, nil
}

// checkEncoded reports why an encoded hash made elsewhere cannot be stored for an account; nil if it can.
func checkEncoded(encoded []byte) error {
	_, err := parse(encoded)
	return err
}
