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
	Role     string // only those with this assigned role; empty: all
	Enabled  string // "true", "false": only who is enabled, or not; empty: both
	Approved string // the same of who is approved
	Sort     string // the order, as in the address
	Next     string // of the page that follows; empty: none
	Later    bool   // this is not the first page

	Columns []AdminColumn // the operator's own, as far as they are listed

	ExportCSV, ExportJSON string // where what was found is exported

	State   string // only accounts of this state; empty: all
	Waiting int    // how many wait for approval, whatever was looked for

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
	Invited             time.Time   // zero, as LastSignIn: never
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

	HasPassword bool
	Invites     bool     // the owner can be sent an invitation
	Factors     []Factor // what else the owner signs in by
	Ticket      string   // a link that signs in as the account, shown once, right after it was made

	NewPassword
}

// Factor is a second factor, or another way to sign in, that an account has.
type Factor struct {
	Kind, Label   string
	Created, Used time.Time // Used zero: never
}

// AdminBulkData fills AdminBulk, which asks for the confirmation of a change to many accounts and shows its result.
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
	return []Field{{Name: "query", Value: d.Query}, {Name: "role", Value: d.Role}, {Name: "enabled", Value: d.Enabled}, {Name: "approved", Value: d.Approved}, {Name: "state", Value: d.State}}
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
	return d.query(sort, after)
}

// Only returns the query of the list in its order, kept to accounts of that state; empty: to those of any.
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

// Filtered reports whether a list leaves accounts out for another reason than the search.
func (v *View) Filtered() bool {
	d, _ := v.Data.(AdminData)
	return d.Role != "" || d.Enabled != "" || d.Approved != ""
}
