package accounts

import (
	"encoding/base32"
	"fmt"
	"io"
	"strings"
)

// NewID returns 128 random bits as 26 lower-case base32 characters: the public name of a user or a session.
func NewID(random io.Reader) (string, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("reading randomness: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)), nil
}
