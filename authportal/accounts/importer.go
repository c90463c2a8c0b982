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

// What becomes of the row of a file, or in a dry run would.
const (
	OutcomeMade    = "made"
	OutcomeExists  = "exists" // an account has the address; it stays as it is
	OutcomeRefused = "refused"
)

// Outcome is what became of a row.
type Outcome struct {
	Line    int
	Email   string // as the file says it
	Result  string // one of those above
	ID      string // of the account that was made
	Problem *problem.Problem
}

// ImportCounts says how much of a file has become what.
type ImportCounts struct {
	Made    int `json:"made"`
	Exists  int `json:"exists"`
	Refused int `json:"refused"`
}

// Total is the number of rows.
func (n ImportCounts) Total() int { return n.Made + n.Exists + n.Refused }

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

// Importer makes the accounts of a file, row by row, for one goroutine. Every account is made as a whole, in a
// transaction of its own: whenever an import ends, whole accounts are there, a file that is imported once more goes on
// where it was cut off, and nobody who signs in meanwhile waits for more than one row.
type Importer struct {
	Counts ImportCounts

	accounts *Accounts
	by       Actor
	dry      bool
	seen     map[string]error // names that rows before would take, in a dry run
}

// NewImporter returns one; with dry it makes nothing.
func (a *Accounts) NewImporter(by Actor, dry bool) *Importer {
	return &Importer{accounts: a, by: by, dry: dry, seen: map[string]error{}}
}

const (
	rowTime      = 30 * time.Second // for one row, its hashing included, so that a store that hangs is an outage soon
	busyPatience = 30 * time.Second // for a place in the pool that hashes, which people who sign in take first
	busyPause    = 250 * time.Millisecond
)

// Row makes the account of one row. An error means that we failed, and that nothing was made of it.
func (i *Importer) Row(ctx context.Context, row *userfile.Row) (Outcome, error) {
	out := Outcome{Line: row.Line, Email: row.Email, Result: OutcomeMade}
	u, err := i.patiently(ctx, row)
	if err == nil && i.dry {
		err = i.firstOf(&u)
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

// patiently waits while the pool that hashes is full, rather than give up a file for it.
func (i *Importer) patiently(ctx context.Context, row *userfile.Row) (store.User, error) {
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

// firstOf reports whether a row before has one of the names.
func (i *Importer) firstOf(u *store.User) error {
	for _, name := range []string{u.Email, u.Username} {
		if taken := i.seen[name]; taken != nil {
			return taken
		}
	}
	i.seen[u.Username], i.seen[u.Email] = problem.UsernameTaken, problem.UserExists
	return nil
}

// Finish tells that the file was imported, or where that stopped: empty where it did not.
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

// faultProblem is what is wrong with a row, as both faces tell it.
func faultProblem(f *userfile.Fault) *problem.Problem {
	if f.Field == "" {
		return &problem.Problem{Status: 400, Code: "malformed", Detail: f.Text}
	}
	return problem.InvalidField(problem.Bounded(f.Field, 64), f.Text)
}
