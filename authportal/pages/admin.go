package pages

import (
	"net/url"
	"time"
)

// AdminData fills Admin: the list of accounts.
type AdminData struct {
	Accounts []AdminAccount
	Total    int    // how many were found
	Query    string // what was looked for
	Role     string // only who is assigned it; empty: everybody
	Enabled  string // "true", "false": only who is enabled, or not; empty: both
	Approved string // the same of who is approved
	Sort     string // in which order, as it stands in the address
	Next     string // of the page that follows; empty: none
	Later    bool   // this is not the first page

	Columns []AdminColumn // the operator's own, as far as they are listed

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

// filters are the parameters of a list beside its order and its place.
func (d *AdminData) filters() []Field {
	return []Field{{Name: "query", Value: d.Query}, {Name: "role", Value: d.Role}, {Name: "enabled", Value: d.Enabled}, {Name: "approved", Value: d.Approved}}
}

// Kept returns what a new search keeps of the list, as hidden fields.
func (v *View) Kept() (fields []Field) {
	d, _ := v.Data.(AdminData)
	for _, f := range append(d.filters()[1:], Field{Name: "sort", Value: d.Sort}) {
		if f.Value != "" {
			fields = append(fields, f)
		}
	}
	return fields
}

// List returns the query of the address of a list with what is looked for now, in some order, from some place on.
func (v *View) List(sort, after string) string {
	d, _ := v.Data.(AdminData)
	q := url.Values{}
	for _, f := range append(d.filters(), Field{Name: "sort", Value: sort}, Field{Name: "after", Value: after}) {
		if f.Value != "" {
			q.Set(f.Name, f.Value)
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// Filtered tells whether a list leaves accounts out for another reason than the search.
func (v *View) Filtered() bool {
	d, _ := v.Data.(AdminData)
	return d.Role != "" || d.Enabled != "" || d.Approved != ""
}
