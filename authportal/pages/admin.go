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

	ExportCSV, ExportJSON string // where what was found is exported
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

// AdminImportData fills AdminImport, which makes the accounts of a file.
type AdminImportData struct {
	Sum    string        // hidden field "sum" of the file that was checked; empty: it can only be checked
	Report *ImportReport // nil: nothing was sent yet
}

// ImportReport says what became of a file.
type ImportReport struct {
	Dry                          bool // nothing was made: what would become of it
	Made, Exists, Refused, Total int
	StoppedAt                    int         // the row at which it stopped before its end; 0: it did not
	Rows                         []ImportRow // what went wrong first
	More                         int         // that are not among Rows
}

// ImportRow says what became of a row.
type ImportRow struct {
	Line    int
	Email   string   // as the file says it
	Outcome string   // "made", "exists", "refused"
	Why     *Message // nil: all is well
}

// Why returns the sentence of a row.
func (v *View) Why(r ImportRow) string { return v.Say(r.Why) }
