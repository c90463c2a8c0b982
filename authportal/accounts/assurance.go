package accounts

// Assurance is how surely an act requires its administrator to be authenticated.
type Assurance int

// Levels of assurance, each stricter than the one before.
const (
	// AnySession suffices to read, and for changes that grant no access.
	AnySession Assurance = iota

	// RecentLogin is a sign-in within ten minutes, or an API token: for roles, names and deletion.
	RecentLogin

	// RecentLoginNoToken is a sign-in within ten minutes: for acts that let the actor sign in as another user.
	RecentLoginNoToken
)
