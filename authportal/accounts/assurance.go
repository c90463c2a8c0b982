package accounts

// Assurance is how surely an act requires its administrator to be authenticated.
type Assurance int

const (
	AnySession  Assurance = iota // reads, or changes that grant no access
	RecentLogin                  // roles, names, deletion: a sign-in within ten minutes, or an API token
	// what signs in as somebody else: a sign-in of the last ten minutes, and never a token
	RecentLoginNoToken
)
