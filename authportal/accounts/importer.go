package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
	"github.com/gatehouse-auth/gatehouse/internal/loop"
	"github.com/gatehouse-auth/gatehouse/store"
)

// Outcomes of a row, or of its dry run.
const (
	OutcomeMade    = "made"
	OutcomeExists  = "exists" // an account has the address; it was not changed
	OutcomeRefused = "refused"
)

// Outcome is the outcome of a row.
type Outcome struct {
	Line    int
	Email   string // as in the file
	Result  string // an Outcome constant
	ID      string // of the new account
	Problem *problem.Problem
}

// ImportCounts counts the rows of a file by their outcome.
type ImportCounts struct {
	Made    int `json:"made"`
	Exists  int `json:"exists"`
	Refused int `json:"refused"`
}

// Total is the number of rows.
func (n ImportCounts) Total() int { return n.Made + n.Exists + n.Refused }

// String returns the counts for logs and the audit trail.
func (n ImportCounts) String() string {
	return fmt.Sprintf("made %d, exists %d, refused %d", n.Made, n.Exists, n.Refused)
}

func (n *ImportCounts) add(result string) {
	switch result {
	case OutcomeMade:
		n.Made++
	case OutcomeExists:
		n.Exists++
	default:
		n.Refused++
	}
}

// Importer creates the accounts of a file, row by row. Each account has a transaction of its own: an import that is cut
// off leaves no half account, importing the file again continues there, and a concurrent sign-in waits for one row at
// most. It is not safe for concurrent use.
type Importer struct {
	Counts ImportCounts

	accounts *Accounts
	by       Actor
	dry      bool
	seen     map[string]error // in a dry run, the names of earlier rows
}

// NewImporter returns an Importer; with dry it creates nothing.
func (a *Accounts) NewImporter(by Actor, dry bool) *Importer {
	return &Importer{accounts: a, by: by, dry: dry, seen: map[string]error{}}
}

const (
	rowTime      = 30 * time.Second // for one row with its hashing; bounds the wait for a store that hangs
	busyPatience = 30 * time.Second // for a place in the pool of password hashing, where sign-ins go first
	busyPause    = 250 * time.Millisecond
)

// Row creates the account of one row. An error is an internal failure; the row was not imported then.
func (i *Importer) Row(ctx context.Context, row *userfile.Row) (Outcome, error) {
	out := Outcome{Line: row.Line, Email: row.Email, Result: OutcomeMade}
	u, err := i.importWaiting(ctx, row)
	if err == nil && i.dry {
		err = i.checkDuplicate(&u)
	}
	if err != nil && !errors.As(err, &out.Problem) {
		return out, err
	}
	switch {
	case out.Problem != nil && out.Problem.Code == problem.UserExists.Code:
		out.Result = OutcomeExists
	case out.Problem != nil:
		out.Result = OutcomeRefused
	case !i.dry:
		out.ID = u.ID
	}
	i.Counts.add(out.Result)
	return out, nil
}

// Refuse counts a row that could not be read.
func (i *Importer) Refuse(f *userfile.Fault) Outcome {
	i.Counts.add(OutcomeRefused)
	return Outcome{Line: f.Line, Result: OutcomeRefused, Problem: faultProblem(f)}
}

// importWaiting imports a row and waits while the pool of password hashing is full, instead of failing the file.
func (i *Importer) importWaiting(ctx context.Context, row *userfile.Row) (store.User, error) {
	patience, cancel := context.WithTimeout(ctx, busyPatience)
	defer cancel()
	for {
		one, done := context.WithTimeout(ctx, rowTime)
		u, err := i.accounts.Import(one, i.by, row, i.dry)
		done()
		if !errors.Is(err, method.ErrBusy) || patience.Err() != nil {
			return u, err
		}
		loop.Wait(patience, busyPause, nil)
	}
}

// checkDuplicate returns an error if an earlier row has one of the names.
func (i *Importer) checkDuplicate(u *store.User) error {
	for _, name := range []string{u.Email, u.Username} {
		if taken := i.seen[name]; taken != nil {
			return taken
		}
	}
	i.seen[u.Username], i.seen[u.Email] = problem.UsernameTaken, problem.UserExists
	return nil
}

// Finish records the import; stopped is where and why it stopped, empty if it did not.
func (i *Importer) Finish(ctx context.Context, stopped string) {
	if i.dry {
		return
	}
	e := audit.Event{Kind: audit.EventUsersImported, Result: audit.ResultOK, Reason: i.Counts.String()}
	if stopped != "" {
		e.Result, e.Reason = audit.ResultFailed, e.Reason+"; "+stopped
	}
	i.accounts.core.Emit(ctx, i.by, e)
}

// faultProblem returns the problem of a row that could not be read, for pages and API.
func faultProblem(f *userfile.Fault) *problem.Problem {
	if f.Field == "" {
		return &problem.Problem{Status: 400, Code: "malformed", Detail: f.Text}
	}
	return problem.InvalidField(problem.Bounded(f.Field, 64), f.Text)
}
