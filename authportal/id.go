package authportal

import (
	"encoding/base32"
	"strings"
)

// newID returns 26 lower-case base32 characters of 128 random bits: the public name of a user or a session.
func (p *Portal) newID() (string, error) {
	b, err := p.secret(16)
	if err != nil {
		return "", err
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)), nil
}
