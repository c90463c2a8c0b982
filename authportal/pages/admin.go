package pages

import "time"

// AdminData fills Admin: the list of accounts.
type AdminData struct {
	Accounts []AdminAccount
	Total    int           // how many were found
	Query    string        // what was looked for
	Sort     string        // in which order, as it stands in the address
	Next     string        // of the page that follows; empty: none
	Later    bool          // this is not the first page
	Columns  []AdminColumn // the operator's own, as far as they are listed
}

// AdminAccount is an account as administrators see it.
type AdminAccount struct {
	User                // Roles are those assigned
	Enabled, Approved   bool
	Created, LastSignIn time.Time   // LastSignIn zero: never
	Version             int64       // that a change is made to
	Cells               []AdminCell // of the operator's columns
}

// AdminUserData fills AdminUser: one account.
type AdminUserData struct {
	Account    AdminAccount
	RoleNames  string // the assigned roles in one line
	Sessions   []Session
	Attributes []Field // without a column, to be read
	Passwords  bool    // people sign in by password here
	MinLength  int
}

// StateView is what a list says of whether an account can sign in.
type StateView struct {
	Enabled, Approved bool
	Waits, Off        string
}

// State returns it.
func (v *View) State(a AdminAccount) StateView {
	return StateView{a.Enabled, a.Approved, v.T("admin_waits"), v.T("admin_disabled")}
}

// ActView is where a form of one act on an account goes.
type ActView struct{ Base, ID, Do string }

// Act returns it.
func (v *View) Act(do string) ActView {
	d, _ := v.Data.(AdminUserData)
	return ActView{v.Base, d.Account.ID, do}
}
