package password

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-crypt/crypt/algorithm"
	"github.com/go-crypt/crypt/algorithm/argon2"
	"github.com/go-crypt/crypt/algorithm/pbkdf2"
	"github.com/go-crypt/crypt/algorithm/scrypt"
	"github.com/go-crypt/crypt/algorithm/shacrypt"
)

// Bounds of hashes of other software: about a second, and the memory of our most expensive hash.
const (
	foreignMaxBytes     = 1024
	pbkdf2MaxIterations = 2_000_000
	pbkdf2MaxKey        = 64        // bytes; a longer key costs its owner more and an attacker nothing
	scryptMaxMemory     = 256 << 20 // bytes: 128 · N · r
	scryptMaxWork       = 1 << 30   // bytes written, over all lanes
	shaMaxRounds        = 1_000_000
)

// The supported forms. They bound every value before the library reads it.
var (
	argon2iForm = regexp.MustCompile(`^\$argon2i\$v=19\$m=([1-9][0-9]{0,9}),t=([1-9][0-9]{0,9}),p=([1-9][0-9]{0,9})` +
		`\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$`)
	scryptForm = regexp.MustCompile(`^\$scrypt\$ln=([1-9][0-9]?),r=([1-9][0-9]{0,3}),p=([1-9][0-9]{0,3})` +
		`\$[A-Za-z0-9+/]{2,172}\$[A-Za-z0-9+/]{22,172}$`)
	pbkdf2Form = regexp.MustCompile(`^\$pbkdf2(|-sha256|-sha512)\$([1-9][0-9]{0,9})` +
		`\$([A-Za-z0-9./]{2,172})\$([A-Za-z0-9./]{22,172})$`)
	sha512Form = regexp.MustCompile(`^\$6\$(?:rounds=([1-9][0-9]{0,9})\$)?[A-Za-z0-9./]{1,16}\$[A-Za-z0-9./]{86}$`)
	djangoForm = regexp.MustCompile(`^pbkdf2_(sha1|sha256)\$([1-9][0-9]{0,9})` +
		`\$([A-Za-z0-9./+_=-]{1,128})\$([A-Za-z0-9+/]{27,88}={0,2})$`)
)

// foreignHash is a parsed hash of other software, other than bcrypt. It was made of what was typed there, which is
// taken to be what prepare makes of it.
type foreignHash struct{ digest algorithm.Digest }

// matches holds every password with a NUL for wrong: crypt(3) knew nothing of what follows one, and to HMAC, on which
// PBKDF2 and scrypt rest, NULs at the end are none.
func (h foreignHash) matches(prepared []byte) bool {
	return h.digest.MatchBytes(prepared) && bytes.IndexByte(prepared, 0) < 0
}

// parseForeign reads a hash of other software.
func parseForeign(encoded []byte) (foreignHash, error) {
	if len(encoded) > foreignMaxBytes {
		return foreignHash{}, errUnreadable
	}
	text := string(encoded)
	if m := djangoForm.FindStringSubmatch(text); m != nil {
		key, err := base64.StdEncoding.Strict().DecodeString(m[4])
		if err != nil {
			return foreignHash{}, errUnreadable
		}
		return newPBKDF2(m[1], m[2], []byte(m[3]), key)
	}
	if bytes.HasPrefix(encoded, []byte("{")) {
		return parseKeycloak(encoded)
	}
	decode, costs, err := foreignForm(text)
	if err != nil {
		return foreignHash{}, err
	}
	if costs {
		return foreignHash{}, fmt.Errorf("%s: %w", strings.SplitN(text, "$", 3)[1], errTooCostly)
	}
	digest, err := decode(text)
	if err != nil {
		return foreignHash{}, errUnreadable // the library's error holds the hash
	}
	return foreignHash{digest}, nil
}

// foreignForm returns what decodes a hash, and whether the hash costs too much.
func foreignForm(text string) (decode algorithm.DecodeFunc, costs bool, err error) {
	if m := argon2iForm.FindStringSubmatch(text); m != nil {
		n := numbers(m[1:])
		return argon2.Decode, n[0] > argonMaxMemory || n[1] > argonMaxTime || n[2] > argonMaxThreads ||
			n[0] < 8*n[2], nil
	}
	if m := scryptForm.FindStringSubmatch(text); m != nil {
		n := numbers(m[1:])
		if n[0] > 24 {
			return scrypt.Decode, true, nil
		}
		memory := 128 * n[1] << n[0]
		return scrypt.Decode, memory > scryptMaxMemory || memory*n[2] > scryptMaxWork, nil
	}
	if m := pbkdf2Form.FindStringSubmatch(text); m != nil {
		return pbkdf2.Decode, numbers(m[2:3])[0] > pbkdf2MaxIterations || len(m[4]) > 86, nil
	}
	if m := sha512Form.FindStringSubmatch(text); m != nil {
		rounds := 5000
		if m[1] != "" {
			rounds = numbers(m[1:])[0]
		}
		if rounds < 1000 {
			return nil, false, errUnreadable // crypt(3) would have written 1000
		}
		return shacrypt.Decode, rounds > shaMaxRounds, nil
	}
	return nil, false, errUnreadable
}

// numbers reads what a form has found to be ten digits at most.
func numbers(digits []string) []int {
	list := make([]int, len(digits))
	for i, d := range digits {
		list[i], _ = strconv.Atoi(d)
	}
	return list
}

// newPBKDF2 puts salt and key into the form that the library reads.
func newPBKDF2(function, iterations string, salt, key []byte) (foreignHash, error) {
	kind, known := map[string]string{"sha1": "pbkdf2", "sha256": "pbkdf2-sha256", "sha512": "pbkdf2-sha512"}[function]
	n, err := strconv.Atoi(iterations)
	if !known || err != nil || n < 1 || len(salt) == 0 || len(salt) > 128 || len(key) < 16 {
		return foreignHash{}, errUnreadable
	}
	if n > pbkdf2MaxIterations || len(key) > pbkdf2MaxKey {
		return foreignHash{}, fmt.Errorf("%s with %d iterations: %w", kind, n, errTooCostly)
	}
	adapted := func(b []byte) string {
		return strings.ReplaceAll(base64.RawStdEncoding.EncodeToString(b), "+", ".")
	}
	digest, err := pbkdf2.Decode(fmt.Sprintf("$%s$%d$%s$%s", kind, n, adapted(salt), adapted(key)))
	if err != nil {
		return foreignHash{}, errUnreadable
	}
	return foreignHash{digest}, nil
}

// parseKeycloak reads a credential as Keycloak exports it: two JSON documents as strings in a third.
func parseKeycloak(encoded []byte) (foreignHash, error) {
	var outer struct{ CredentialData, SecretData string }
	var how struct {
		HashIterations int
		Algorithm      string
	}
	var secret struct{ Value, Salt []byte }
	if json.Unmarshal(encoded, &outer) != nil ||
		json.Unmarshal([]byte(outer.CredentialData), &how) != nil ||
		json.Unmarshal([]byte(outer.SecretData), &secret) != nil {
		return foreignHash{}, errUnreadable
	}
	function := map[string]string{"pbkdf2": "sha1", "pbkdf2-sha256": "sha256", "pbkdf2-sha512": "sha512"}[how.Algorithm]
	return newPBKDF2(function, strconv.Itoa(how.HashIterations), secret.Salt, secret.Value)
}
