package pages

import "time"

// AdminData fills Admin: the list of accounts.
type AdminData struct {
	Accounts []AdminAccount
	Total    int    // how many were found
	Query    string // what was looked for
	Sort     string // in which order, as it stands in the address
	Next     string // of the page that follows; empty: none
	Later    bool   // this is not the first page
	State    string // only accounts of this state; empty: all
	Waiting  int    // how many wait for approval, whatever was looked for

	Invites bool     // people can be invited by mail
	Acts    []string // what can be done to many: "enable", …
	Bulk    int      // to how many at once
}

// AdminAccount is an account as administrators see it.
type AdminAccount struct {
	User                // Roles are those assigned
	Enabled, Approved   bool
	PasswordDue         bool   // must choose a new one
	State               string // in a word: "active", "waiting", …
	Created, LastSignIn time.Time
	Invited             time.Time // zero, as LastSignIn: never
}

// AdminUserData fills AdminUser: one account.
type AdminUserData struct {
	Account    AdminAccount
	RoleNames  string // the assigned roles in one line
	Sessions   []Session
	Attributes []Field // the operator's columns, to be read
	Passwords  bool    // people sign in by password here
	MinLength  int

	HasPassword bool
	Invites     bool     // the owner can be sent an invitation
	Factors     []Factor // what else the owner signs in by
	Ticket      string   // a link that signs in as the account, shown once, right after it was made
}

// Factor is a second factor, or another way to sign in, that an account has.
type Factor struct {
	Kind, Label   string
	Created, Used time.Time // Used zero: never
}

// AdminBulkData fills AdminBulk, which asks whether something shall be done to many accounts and says what became of it.
type AdminBulkData struct {
	Action, Role string
	Rows         []BulkRow
	Done         bool // it was done; Rows say to whom
	Refused      int  // to how many it was not
}

// Count is how many it is about: before, all; afterwards, those to whom it was done.
func (d AdminBulkData) Count() int { return len(d.Rows) - d.Refused }

// BulkRow is one of many accounts.
type BulkRow struct {
	Account AdminAccount
	Problem *Message // why nothing was done
	Gone    bool     // there is no such account, or none any more
}

// State is what a badge says of an account that is not simply in use.
func (v *View) State(a AdminAccount) string {
	if a.State == "" || a.State == "active" {
		return ""
	}
	return v.T("admin_state_" + a.State)
}

// States are those that the list can be kept to.
func (v *View) States() []string {
	return []string{"waiting", "invited", "new_password", "unconfirmed", "disabled"}
}

// StateLabel names one.
func (v *View) StateLabel(state string) string { return v.T("admin_state_" + state) }

// ActLabel names something that is done to accounts.
func (v *View) ActLabel(name string) string { return v.T("admin_act_" + name) }

// FactorLabel names a way to sign in by its kind.
func (v *View) FactorLabel(kind string) string { return v.label("method_"+kind, kind) }

// ActView is where a form of one act on an account goes.
type ActView struct{ Base, ID, Do string }

// Act returns it.
func (v *View) Act(do string) ActView {
	d, _ := v.Data.(AdminUserData)
	return ActView{v.Base, d.Account.ID, do}
}
