package accounts

// Assurance is how sure an act of an administrator needs us to be of them.
type Assurance int

const (
	AnySession         Assurance = iota // reads, or changes what opens no door
	RecentLogin                         // roles, names, deletion: a sign-in of the last ten minutes, or an API token
	RecentLoginNoToken                  // what signs in as somebody else: a sign-in of the last ten minutes, and never a token
)
