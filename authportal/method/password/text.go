package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/gatehouse-auth/gatehouse/store"
)

// MaxBytes is how long a prepared password may be. Every byte of it is compared.
const MaxBytes = 1024

// maxTyped bounds what is prepared at all. NFC shortens text to a quarter at the very most.
const maxTyped = 4 * MaxBytes

// Reasons why a new password is refused.
const (
	ReasonTooShort  = "too_short"
	ReasonTooLong   = "too_long"
	ReasonNotText   = "not_text"   // not UTF-8: no keyboard types it, and JSON could not carry it
	ReasonCommon    = "common"     // everybody tries it first
	ReasonLikeLogin = "like_login" // made of the names of the person or the site
	ReasonBreached  = "breached"   // known from a breach
)

// Prepare returns the bytes that are hashed for a typed password, and whether they may be hashed at all (not too long).
//
// The same password is typed as different bytes on different devices: "é" is one code point on most keyboards and two
// on some, and a space may be U+00A0. Prepare does what the OpaqueString profile of PRECIS does (RFC 8265 §4.2): it maps every
// space to U+0020 and normalises to NFC. Letter case, width and spaces at the ends stay as typed. Unlike the profile it
// forbids nothing (control characters, NUL and code points newer than our tables are fine), because to refuse a
// character only makes passwords weaker. What is not UTF-8 is compared byte for byte.
func Prepare(typed string) (prepared []byte, ok bool) {
	if len(typed) > maxTyped {
		return nil, false
	}
	if utf8.ValidString(typed) {
		typed = norm.NFC.String(strings.Map(plainSpace, typed))
	}
	if len(typed) > MaxBytes {
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
	prepared, ok := Prepare(typed)
	switch {
	case !ok:
		return ReasonTooLong
	case !utf8.Valid(prepared), strings.ContainsRune(typed, utf8.RuneError):
		return ReasonNotText
	case utf8.RuneCount(prepared) < minLength:
		return ReasonTooShort
	}
	return ""
}

// guessable says why a password that is long enough is still no secret (NIST SP 800-63B-4 §3.1.1.2); empty if it may be one.
func guessable(typed string, u *store.User, site []string) string {
	folded := fold(typed)
	switch {
	case likeLogin(folded, ownWords(u, site)):
		return ReasonLikeLogin
	case common(folded):
		return ReasonCommon
	}
	return ""
}
