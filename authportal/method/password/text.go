package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/gatehouse-auth/gatehouse/store"
)

// maxBytes is how long a prepared password may be. Every byte of it is compared.
const maxBytes = 1024

// maxTyped bounds what is prepared at all. NFC shortens text to a quarter at the very most.
const maxTyped = 4 * maxBytes

// The reasons why a new password is refused.
const (
	reasonTooShort  = "too_short"
	reasonTooLong   = "too_long"
	reasonNotText   = "not_text"   // not UTF-8: no keyboard types it, and JSON could not carry it
	reasonCommon    = "common"     // among the first that are tried
	reasonLikeLogin = "like_login" // made of the names of the person or the site
	reasonBreached  = "breached"   // known from a breach
)

// prepare returns the bytes that are hashed for a typed password, and whether they may be hashed at all (not too long).
//
// The same password is typed as different bytes on different devices: "é" is one code point on most keyboards and two
// on some, and a space may be U+00A0. prepare follows the OpaqueString profile of PRECIS (RFC 8265 §4.2): it maps every
// space to U+0020 and normalises to NFC. Letter case, width and spaces at the ends stay as typed. Unlike the profile it
// forbids nothing (control characters, NUL and code points newer than our tables are fine), because refusing a
// character only makes passwords weaker. What is not UTF-8 is compared byte for byte.
func prepare(typed string) (prepared []byte, ok bool) {
	if len(typed) > maxTyped {
		return nil, false
	}
	if utf8.ValidString(typed) {
		typed = norm.NFC.String(strings.Map(plainSpace, typed))
	}
	if len(typed) > maxBytes {
		return nil, false
	}
	return []byte(typed), true
}

func plainSpace(r rune) rune {
	if r > unicode.MaxASCII && unicode.Is(unicode.Zs, r) {
		return ' '
	}
	return r
}

// refusal says why typed cannot become a password; empty if it can. Length is counted in characters, that is Unicode
// code points after preparation (NIST SP 800-63B-4 §3.1.1.2). There are no composition rules.
func refusal(typed string, minLength int) string {
	prepared, ok := prepare(typed)
	switch {
	case !ok:
		return reasonTooLong
	case !utf8.Valid(prepared), strings.ContainsRune(typed, utf8.RuneError):
		return reasonNotText
	case utf8.RuneCount(prepared) < minLength:
		return reasonTooShort
	}
	return ""
}

// guessable says why a password that is long enough is easily guessed (NIST SP 800-63B-4 §3.1.1.2); empty if it is not.
func guessable(typed string, u *store.User, site []string) string {
	folded := fold(typed)
	switch {
	case likeLogin(folded, ownWords(u, site)):
		return reasonLikeLogin
	case common(folded):
		return reasonCommon
	}
	return ""
}
