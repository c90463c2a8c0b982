package store

import (
	"context"
	"slices"
	"strconv"
	"time"
)

// User is an account. ID is random and never given out again; everything else may change.
type User struct {
	ID         string         // 26 lower-case base32 characters, 128 random bits
	Username   string         // unique; by default the whole address. Lower case, never reused after deletion
	Email      string         // unique where not empty; lower case, normalised by the caller
	Confirmed  bool           // the account's owner has shown that the address is theirs, or an operator vouched for it
	Name       string         // what to call the person; may be empty
	Roles      []string       // as assigned, without the included ones; sorted
	GivenRoles []string       // what linked identities give besides, sorted; see InForce
	Attributes map[string]any // the operator's own columns: string, float64, bool or []any of strings; never nil when read
	Enabled    bool
	Approved   bool
	Created    time.Time
	LastSignIn time.Time // zero: never
	Invited    time.Time // when its owner was last sent an invitation that was not taken up since; zero: there is none

	// PasswordDue says that an administrator asks for a new password: there is no session before it is chosen.
	PasswordDue bool

	Version int64 // grows with every change but LastSignIn; 1 when created
}

// InForce returns the roles that count: those assigned, and those that linked identities give.
func (u *User) InForce() []string {
	if len(u.GivenRoles) == 0 {
		return u.Roles
	}
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(u.Roles, u.GivenRoles))))
}

// Identity returns the part of u that a session carries.
func (u *User) Identity() Identity {
	id := Identity{UserID: u.ID, Version: u.Version, Username: u.Username, Name: u.Name, Roles: u.InForce(),
		Attributes: u.Attributes, Active: u.Enabled && u.Approved && !u.PasswordDue}
	if u.Confirmed {
		id.Email = u.Email
	}
	return id
}

// Users keeps accounts. Returned values are the caller's own copies. Username and Email are compared as stored: callers
// normalise first, drivers compare bytes.
type Users interface {
	// CreateUser stores u with its ID, Version 1, and creds with it, or nothing at all. A *TakenError names a username
	// or address in use; a username of a deleted account counts as in use.
	CreateUser(ctx context.Context, u User, creds ...Credential) error

	// User returns the account with that id.
	User(ctx context.Context, id string) (User, error)

	// FindUser returns the account whose username or address is login. The address wins where both match.
	FindUser(ctx context.Context, login string) (User, error)

	// UpdateUser replaces what is stored of u.ID if its Version is still u.Version, and returns u with the next Version;
	// ErrStale otherwise. Created and LastSignIn are not changed. One row of Changes is committed with it. It refuses
	// to take away the last enabled administrator: ErrLastAdministrator.
	UpdateUser(ctx context.Context, u User) (User, error)

	// DeleteUser removes the account and its credentials, keeps its username from being given out again, and commits
	// one row of Changes. ErrLastAdministrator as above.
	DeleteUser(ctx context.Context, id string) error

	// ListUsers returns up to q.Limit accounts after q.After, in the order that q.Sort names; the oldest first by default
	// (Created, ID).
	ListUsers(ctx context.Context, q UserQuery) ([]User, error)

	// CountUsers returns how many accounts q selects, whatever its After, Sort and Limit; it stops counting at limit,
	// unless that is 0.
	CountUsers(ctx context.Context, q UserQuery, limit int) (int, error)

	// SignedIn records the time of a sign-in. It changes no Version and tells nobody.
	SignedIn(ctx context.Context, id string, at time.Time) error
}

// UserQuery selects accounts. The zero value selects the first hundred.
type UserQuery struct {
	Text     string // part of the address, username or name, in any letter case
	Role     string // only who is assigned this role
	Enabled  *bool  // only who is, or is not, enabled; nil: both
	Approved *bool  // only who is, or is not, approved; nil: both

	Confirmed   *bool // only who has an address that is, or is not, confirmed; nil: both, and who has none
	Invited     *bool // only who has, or has not, an invitation to take up; nil: both
	PasswordDue *bool // only who must, or need not, choose a new password; nil: both

	Sort  UserSort
	Desc  bool   // the last first
	After string // what Next returned for the last account of the page before, or its id
	Limit int    // 1 to 1,000; default 100
}

// UserSort is what accounts are put in order by. Where two are equal in it, their ids decide.
type UserSort string

// Orders of accounts. An unknown one is refused.
const (
	SortCreated    UserSort = "" // the default
	SortUsername   UserSort = "username"
	SortEmail      UserSort = "email"
	SortName       UserSort = "name" // letter case aside
	SortLastSignIn UserSort = "last_sign_in"
)

// Next returns the After of the page that follows last. It holds what last is put in order by, so that the next page goes
// on there although last was changed or deleted meanwhile. It is no secret from whoever may read the list.
func (q UserQuery) Next(last User) string {
	switch q.Sort {
	case SortUsername:
		return last.ID + ":" + last.Username
	case SortEmail:
		return last.ID + ":" + last.Email
	case SortName:
		return last.ID + ":" + last.Name
	case SortLastSignIn:
		if last.LastSignIn.IsZero() {
			return last.ID + ":0"
		}
		return last.ID + ":" + strconv.FormatInt(last.LastSignIn.UnixMicro(), 10)
	}
	return last.ID
}

// Identity is whom a session speaks for: the part of a User that a gate needs on every request. A session store keeps a
// copy beside the session, so that one read answers both.
type Identity struct {
	UserID     string
	Version    int64 // of the User that it was taken from
	Username   string
	Email      string // empty unless confirmed
	Name       string
	Roles      []string
	Attributes map[string]any
	Active     bool // enabled and approved, and no new password is due; sessions of an inactive identity end
}
