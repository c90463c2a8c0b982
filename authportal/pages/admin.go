package pages

import (
	"net/url"
	"time"
)

// AdminData fills Admin: the list of accounts.
type AdminData struct {
	Accounts []AdminAccount
	Total    int    // number of accounts found
	Query    string // search text
	Role     string // only those with this assigned role; empty: all
	Enabled  string // "true" or "false": only enabled or disabled accounts; empty: all
	Approved string // "true" or "false": only approved or unapproved accounts; empty: all
	Sort     string // order, as in the URL
	Next     string // cursor of the next page; empty: none
	Later    bool   // not the first page

	Columns []AdminColumn // the operator's columns that are listed

	ExportCSV, ExportJSON string // URLs that export the accounts found

	State   string // only accounts in this state; empty: all
	Waiting int    // number of accounts that wait for approval, whatever the filter

	Invites bool     // users can be invited by email
	Acts    []string // bulk actions: "enable", …
	Bulk    int      // maximum number of accounts of a bulk action
}

// AdminAccount is an account as administrators see it.
type AdminAccount struct {
	User                // Roles are the assigned roles
	Enabled, Approved   bool
	PasswordDue         bool   // must change the password
	State               string // "active", "waiting", …
	Created, LastSignIn time.Time
	Invited             time.Time   // zero: never, as for LastSignIn
	Version             int64       // version that a change is based on
	Cells               []AdminCell // values of the operator's columns
}

// AdminUserData fills AdminUser: one account.
type AdminUserData struct {
	Account    AdminAccount
	RoleNames  string // the assigned roles in one line
	Sessions   []Session
	Attributes []Field // attributes without a column, read-only
	Passwords  bool    // a password method is configured

	HasPassword bool
	Invites     bool     // an invitation can be sent
	Factors     []Factor // other sign-in methods and second factors
	Ticket      string   // a link that signs in as the account; shown only once

	NewPassword
}

// Factor is a second factor or another sign-in method of an account.
type Factor struct {
	Kind, Label   string
	Created, Used time.Time // Used zero: never
}

// AdminBulkData fills AdminBulk, which asks to confirm a bulk action and shows its result.
type AdminBulkData struct {
	Action, Role string
	Rows         []BulkRow
	Done         bool // the action was done; Rows are its results
	Refused      int  // number of accounts for which it was refused
}

// Count returns the number of accounts: before the action, all; afterwards, those that it changed.
func (d AdminBulkData) Count() int { return len(d.Rows) - d.Refused }

// BulkRow is one account of a bulk action.
type BulkRow struct {
	Account AdminAccount
	Problem *Message // why it was refused
	Gone    bool     // the account does not exist
}

// State returns the state that a badge shows; empty for an active account.
func (v *View) State(a AdminAccount) string {
	if a.State == "" || a.State == "active" {
		return ""
	}
	return v.T("admin_state_" + a.State)
}

// States returns the states by which the list can be filtered.
func (v *View) States() []string {
	return []string{"waiting", "invited", "new_password", "unconfirmed", "disabled"}
}

// StateLabel returns the name of a state.
func (v *View) StateLabel(state string) string { return v.T("admin_state_" + state) }

// ActLabel returns the name of an action.
func (v *View) ActLabel(name string) string { return v.T("admin_act_" + name) }

// FactorLabel returns the name of a factor by its kind.
func (v *View) FactorLabel(kind string) string { return v.label("method_"+kind, kind) }

// ActView is the form of one action on an account.
type ActView struct{ Base, ID, Do string }

// Act returns the ActView of an action.
func (v *View) Act(do string) ActView {
	d, _ := v.Data.(AdminUserData)
	return ActView{v.Base, d.Account.ID, do}
}

// AdminImportData fills AdminImport, which imports accounts from a file.
type AdminImportData struct {
	Sum    string        // hidden field "sum", the checksum of the checked file; empty: the file must be checked first
	Report *ImportReport // nil: no file was sent yet
}

// ImportReport is the result of an import or of its check.
type ImportReport struct {
	Dry                          bool // a check: no account was made
	Made, Exists, Refused, Total int
	StoppedAt                    int         // row at which the import stopped early; 0: it did not
	Rows                         []ImportRow // problems first
	More                         int         // number of rows that are not in Rows
}

// ImportRow is the result of one row.
type ImportRow struct {
	Line    int
	Email   string   // as in the file
	Outcome string   // "made", "exists", "refused"
	Why     *Message // nil: no problem
}

// Why returns the sentence that explains a row's result.
func (v *View) Why(r ImportRow) string { return v.Say(r.Why) }

// filters are the query parameters of a list other than its order and position.
func (d *AdminData) filters() []Field {
	return []Field{{Name: "query", Value: d.Query}, {Name: "role", Value: d.Role}, {Name: "enabled", Value: d.Enabled}, {Name: "approved", Value: d.Approved}, {Name: "state", Value: d.State}}
}

// Kept returns the parameters that a new search keeps, as hidden fields.
func (v *View) Kept() (fields []Field) {
	d, _ := v.Data.(AdminData)
	for _, f := range append(d.filters()[1:], Field{Name: "sort", Value: d.Sort}) {
		if f.Value != "" {
			fields = append(fields, f)
		}
	}
	return fields
}

// List returns the URL query of the list with the present filters, in an order and from a position.
func (v *View) List(sort, after string) string {
	d, _ := v.Data.(AdminData)
	return d.query(sort, after)
}

// Only returns the URL query of the list in its present order, filtered by a state; empty: any state.
func (v *View) Only(state string) string {
	d, _ := v.Data.(AdminData)
	d.State = state
	return d.query(d.Sort, "")
}

func (d *AdminData) query(sort, after string) string {
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

// Filtered reports whether the list has a filter other than the search text.
func (v *View) Filtered() bool {
	d, _ := v.Data.(AdminData)
	return d.Role != "" || d.Enabled != "" || d.Approved != ""
}
