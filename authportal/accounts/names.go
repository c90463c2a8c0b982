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

// Every name is brought into one form before it is stored, compared or counted, so that no two accounts can look or
// mean the same: letter case, width, composition and IDN spellings fall together, and what cannot be brought together
// is refused.

// InvalidError says which field of an account cannot be what was sent, and why. It never quotes what was sent.
type InvalidError struct {
	Field  string // as in the API: "email", "username", "name", an attribute
	Reason string // what the value should be, in one word that is translated: "number"; empty: nothing special
	Why    string
}

func (e *InvalidError) Error() string { return e.Field + " " + e.Why }

const (
	maxEmail    = 254 // RFC 5321 §4.5.3.1.3: a path of 256 with its angle brackets
	maxLocal    = 64  // §4.5.3.1.1
	maxDomain   = 253 // RFC 1035 §3.1, in text form
	maxUsername = 64  // characters
	maxName     = 200 // characters
)

// NormalizeEmail returns the one form of an e-mail address: lower case, the domain in ASCII. It takes a bare address as
// people type it, and nothing of RFC 5322's zoo: no quoted local part, comment, address literal or second @, which mail
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

// NormalizeUsername returns the one form of a username: lower case after PRECIS UsernameCaseMapped (RFC 8265), no
// separator, at most 64 characters. An empty one is the whole address; one with an @ must be the account's own
// (normalised) address, so that nobody goes by the address of someone else.
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

// NormalizeLogin returns what an account would be stored under for whatever was typed as login name, and whether an
// account of that name can exist. Where none can, it is a short stand-in that is the same for all spellings of one try,
// fit to be counted.
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

// NormalizeName returns what to call a person, or a line of text that they wrote about themselves: one line, NFC, no
// control characters. Characters that change the direction of what follows are refused, because lists of names show
// them beside others.
func NormalizeName(typed string) (string, error) {
	s, why := Line(typed, maxName)
	if why != "" {
		return "", &InvalidError{Field: "name", Why: why}
	}
	return s, nil
}

func Line(typed string, limit int) (s, why string) {
	if len(typed) > 8*limit || !utf8.ValidString(typed) {
		return "", "is too long, or not text"
	}
	s = norm.NFC.String(strings.TrimSpace(typed))
	for _, r := range s {
		// The joiners are part of Persian, Hindi and many an emoji.
		if r == utf8.RuneError || !unicode.IsGraphic(r) && r != '\u200c' && r != '\u200d' {
			return "", "has invisible characters"
		}
	}
	if utf8.RuneCountInString(s) > limit {
		return "", "is too long"
	}
	return s, ""
}

// collapse brings letters together that some system takes for the same by way of upper case or folding, further than
// lower case goes: "Straße" and "STRASSE", "σοφος" and "ΣΟΦΟΣ", "ı" and "i".
func collapse(s string) string { return cases.Fold().String(cases.Upper(language.Und).String(s)) }

var errIdentifier = errors.New("not an identifier")

// identifier applies PRECIS UsernameCaseMapped until nothing changes any more, and refuses what mixes the scripts whose
// letters look alike (UTS 39 §5.2): a Cyrillic "а" among Latin letters has one purpose.
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

// dotAtom reports whether s is what RFC 5322 calls so, beyond ASCII as RFC 6531 has it. The separators of our header
// values and the braces of placeholders are left out: an address is the default username.
func dotAtom(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		if r <= unicode.MaxASCII && !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune(".!#$%&'*+-/=?^_~", r)) {
			return false
		}
	}
	return true
}

// asciiDomain returns the form of a domain that is looked up (IDNA2008 with UTS 46 mapping).
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
	// An address of digits only would be one of a machine, which mail software may treat apart.
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		return "", errIdentifier
	}
	return d, nil
}
