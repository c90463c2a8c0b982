package accounts

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// Every name is normalised before it is stored, compared or counted, so that no two accounts can look alike or mean the
// same: case, width, composition and IDN spellings are unified, and names that cannot be unified are refused.

// InvalidError says which field of an account is invalid, and why. It never quotes the value.
type InvalidError struct {
	Field  string // as in the API: "email", "username", "name", an attribute
	Reason string // the expected kind of value, a key of a translation: "number"; may be empty
	Why    string
}

// Error returns the field and the reason.
func (e *InvalidError) Error() string { return e.Field + " " + e.Why }

const (
	maxEmail    = 254 // RFC 5321 §4.5.3.1.3: a path of 256 with its angle brackets
	maxLocal    = 64  // §4.5.3.1.1
	maxDomain   = 253 // RFC 1035 §3.1, in text form
	maxUsername = 64  // characters
	maxName     = 200 // characters
)

// NormalizeEmail returns the normal form of an email address: lower case, the domain in ASCII. It accepts a bare
// address only, without the quoted local parts, comments, address literals and second @ of RFC 5322, which mail
// software reads in more than one way.
func NormalizeEmail(typed string) (string, error) {
	bad := func(why string) (string, error) { return "", &InvalidError{Field: "email", Why: why} }
	s := strings.TrimSpace(typed)
	if s == "" {
		return bad("is missing")
	}
	if len(s) > 4*maxEmail || !utf8.ValidString(s) {
		return bad("is not an e-mail address")
	}
	local, domain, found := strings.Cut(s, "@")
	if !found || strings.Contains(domain, "@") {
		return bad("must hold one @")
	}
	local, err := identifier(local)
	if err != nil || !dotAtom(local) {
		return bad("has characters before the @ that an address cannot have here")
	}
	if collapse(local) != local {
		return bad("has letters before the @ whose lower case is not the same everywhere") // ß and ss, ς and σ, ı and i
	}
	if domain, err = asciiDomain(domain); err != nil {
		return bad("has a domain that cannot exist")
	}
	if len(local) > maxLocal || len(local)+1+len(domain) > maxEmail {
		return bad("is too long")
	}
	return local + "@" + domain, nil
}

// NormalizeUsername returns the normal form of a username: lower case after PRECIS UsernameCaseMapped (RFC 8265), no
// separator, at most 64 characters. An empty one becomes the whole address. One with an @ must be the account's own
// normalised address, so that no user goes by the address of another.
func NormalizeUsername(typed, email string) (string, error) {
	bad := func(why string) (string, error) { return "", &InvalidError{Field: "username", Why: why} }
	s := strings.TrimSpace(typed)
	if s == "" {
		if email == "" {
			return bad("is missing")
		}
		return email, nil
	}
	if len(s) > 4*maxEmail || !utf8.ValidString(s) {
		return bad("is too long, or not text")
	}
	if strings.ContainsAny(s, "@＠﹫") {
		if own, err := NormalizeEmail(s); err != nil || own != email {
			return bad("holds an @, which only the account's own address may")
		}
		return email, nil
	}
	name, err := identifier(s)
	if err == nil {
		name, err = identifier(collapse(name))
	}
	if err != nil || collapse(name) != name || strings.ContainsAny(name, ",;|&:/\\{}<>\"`@") {
		return bad("has characters that a username cannot have")
	}
	if utf8.RuneCountInString(name) > maxUsername {
		return bad("is longer than 64 characters")
	}
	return name, nil
}

// NormalizeLogin returns the normal form of a login name, and whether an account of that name can exist. If none can,
// login is a bounded form of the input, the same for all its spellings, by which attempts are counted.
func NormalizeLogin(typed string) (login string, possible bool) {
	if email, err := NormalizeEmail(typed); err == nil {
		return email, true
	}
	if name, err := NormalizeUsername(typed, ""); err == nil {
		return name, true
	}
	if len(typed) > 4*maxEmail {
		typed = typed[:4*maxEmail]
	}
	return strings.ToLower(norm.NFKC.String(strings.ToValidUTF8(strings.TrimSpace(typed), "?"))), false
}

// NormalizeName returns the normal form of a display name: one line, NFC, no control characters. Characters that change
// the direction of the text after them are refused, because lists show names beside others.
func NormalizeName(typed string) (string, error) {
	s, why := Line(typed, maxName)
	if why != "" {
		return "", &InvalidError{Field: "name", Why: why}
	}
	return s, nil
}

// Line returns the normal form of a line of text of at most limit characters, or why it is refused.
func Line(typed string, limit int) (s, why string) {
	if len(typed) > 8*limit || !utf8.ValidString(typed) {
		return "", "is too long, or not text"
	}
	s = norm.NFC.String(strings.TrimSpace(typed))
	for _, r := range s {
		// Persian, Hindi and many emoji need the joiners.
		if r == utf8.RuneError || !unicode.IsGraphic(r) && r != '\u200c' && r != '\u200d' {
			return "", "has invisible characters"
		}
	}
	if utf8.RuneCountInString(s) > limit {
		return "", "is too long"
	}
	return s, ""
}

// collapse unifies letters that some system equates by upper case or folding, beyond lower case: "Straße" and
// "STRASSE", "σοφος" and "ΣΟΦΟΣ", "ı" and "i".
func collapse(s string) string { return cases.Fold().String(cases.Upper(language.Und).String(s)) }

var errIdentifier = errors.New("not an identifier")

// identifier applies PRECIS UsernameCaseMapped until it is stable, and refuses a mix of scripts whose letters look
// alike (UTS 39 §5.2), such as a Cyrillic "а" among Latin letters.
func identifier(s string) (string, error) {
	for range 3 {
		next, err := precis.UsernameCaseMapped.String(s)
		if err != nil {
			return "", err
		}
		if next == s {
			return s, oneScript(s)
		}
		s = next
	}
	return "", errIdentifier
}

func oneScript(s string) error {
	var first *unicode.RangeTable
	for _, r := range s {
		if !unicode.IsGraphic(r) || unicode.IsSpace(r) {
			return errIdentifier
		}
		for _, script := range []*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic,
			unicode.Armenian, unicode.Cherokee} {
			if unicode.Is(script, r) {
				if first != nil && first != script {
					return errIdentifier
				}
				first = script
			}
		}
	}
	return nil
}

// dotAtom reports whether s is a dot-atom of RFC 5322, with the non-ASCII letters of RFC 6531. The separators of header
// values and the braces of placeholders are excluded, because an address is the default username.
func dotAtom(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		if r <= unicode.MaxASCII && !('a' <= r && r <= 'z' || '0' <= r && r <= '9' ||
			strings.ContainsRune(".!#$%&'*+-/=?^_~", r)) {
			return false
		}
	}
	return true
}

// asciiDomain returns the lookup form of a domain (IDNA2008 with UTS 46 mapping).
func asciiDomain(s string) (string, error) {
	d, err := idna.Lookup.ToASCII(s)
	if err != nil || d == "" || len(d) > maxDomain {
		return "", errIdentifier
	}
	labels := strings.Split(d, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 {
			return "", errIdentifier
		}
	}
	// A last label of digits would make an IP address, which mail software may treat differently.
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		return "", errIdentifier
	}
	return d, nil
}
