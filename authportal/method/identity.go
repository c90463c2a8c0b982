package method

import "time"

// Identity is a user as an outside source knows them: a provider, a directory, a certificate authority. Issuer and
// Subject identify the user and never change; the other fields are what the source says now, empty if it does not.
type Identity struct {
	Issuer  string // the provider or directory, as it calls itself: an https URL, an entity id, the DN of a base
	Subject string // unique and never reused within Issuer

	Username      string
	Email         string
	Name          string
	EmailVerified bool // the source has verified that the address is the user's
	Groups        []string
	Attributes    map[string]any

	// AMR are the source's authentication methods (RFC 8176), such as "pwd" or "mfa". A method that learns of a second
	// factor otherwise (`acr`, AuthnContextClassRef) adds "mfa".
	AMR      []string
	AuthTime time.Time // when the source authenticated the user; zero: unknown

	Session      string    // of the provider: `sid`, SessionIndex; a sign-out there finds the sessions here by it
	NotOnOrAfter time.Time // when the provider's session ends; zero: unknown

	// Refresh is what a Refresher needs, such as a refresh token. It is stored sealed.
	Refresh []byte
}
