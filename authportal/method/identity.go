package method

import "time"

// Identity is a person as an outside source knows them: a provider, a directory, a certificate authority. (Issuer,
// Subject) names the person and never changes; all else is what the source says of them now. A field that it does not
// tell is empty.
type Identity struct {
	Issuer  string // the provider or directory, as it calls itself: an https URL, an entity id, the DN of a base
	Subject string // unique and never reused within Issuer

	Username      string
	Email         string
	Name          string
	EmailVerified bool // the source vouches that the address is the person's
	Groups        []string
	Attributes    map[string]any

	// AMR are the methods by which the source checked (RFC 8176), such as "pwd" or "mfa". A method that learns of a
	// second factor otherwise (`acr`, AuthnContextClassRef) adds "mfa".
	AMR      []string
	AuthTime time.Time // when it did; zero: unknown

	Session      string    // of the provider: `sid`, SessionIndex. By it a sign-out there finds the sessions here
	NotOnOrAfter time.Time // when the provider's session ends; zero: it does not say

	// Refresh is what a Refresher needs to ask again, such as a refresh token. It is stored sealed.
	Refresh []byte
}
