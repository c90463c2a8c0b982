package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// KeyPrefix begins a key that is base64 of the bytes to sign with, as libraries of Standard Webhooks expect it.
const KeyPrefix = "whsec_"

// Of Standard Webhooks: a key of this package's own making has 32 bytes.
const minKey, maxKey = 24, 64

// ParseKey reads a key: whsec_ and base64 of 24 to 64 bytes. No error shows it.
func ParseKey(s string) ([]byte, error) {
	rest, ok := strings.CutPrefix(s, KeyPrefix)
	if !ok {
		return nil, fmt.Errorf("the key does not begin with %s: make one with `echo %s$(openssl rand -base64 32)`", KeyPrefix, KeyPrefix)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	if err != nil {
		return nil, errors.New("what follows " + KeyPrefix + " in the key is not base64")
	}
	if len(key) < minKey || len(key) > maxKey {
		return nil, fmt.Errorf("the key has %d bytes: it takes %d to %d", len(key), minKey, maxKey)
	}
	return key, nil
}

// FormatKey writes a key as ParseKey reads it.
func FormatKey(key []byte) string { return KeyPrefix + base64.StdEncoding.EncodeToString(key) }

// sign returns the value of webhook-signature: one signature for every key, so that a receiver that knows only the
// older or only the newer key accepts it while they are rotated.
func sign(keys [][]byte, id string, at time.Time, body []byte) string {
	var all []string
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(all, " ")
}
