package caddymodule

import (
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal"
	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
)

// importAsk is a part of a file. Lines stay with whoever read it.
type importAsk struct {
	Users  []userfile.Row          `json:"users"`
	Dry    bool                    `json:"dry_run"`
	Before authportal.ImportCounts `json:"before"` // what became of the parts before
	Last   bool                    `json:"last"`   // the whole file is told as one event
}

// importAnswer has one result for each row, in their order.
type importAnswer struct {
	Results []importResult          `json:"results"`
	Counts  authportal.ImportCounts `json:"counts"` // with those before
}

// importResult says what became of a row.
type importResult struct {
	ID     string `json:"id,omitempty"`
	Reason string `json:"reason,omitempty"` // why it was not made; empty: it was
}

// importUsers answers POST /gatehouse/users/import. A row that cannot be made stops no other; where we fail, the rows before
// have been made, and sending all of them again makes the others.
func (o *operator) importUsers(r *http.Request) (any, error) {
	var ask importAsk
	if err := body(r, &ask); err != nil {
		return nil, err
	}
	i := o.run.Portal.Accounts().NewImporter(byCommandLine, ask.Dry)
	i.Counts = ask.Before
	answer := importAnswer{Results: make([]importResult, 0, len(ask.Users))}
	for n := range ask.Users {
		out, err := i.Row(r.Context(), &ask.Users[n])
		if err != nil {
			i.Finish(r.Context(), "stopped by a failure")
			return nil, err
		}
		result := importResult{ID: out.ID}
		if out.Problem != nil {
			result.Reason = problemText(out.Problem)
		}
		answer.Results = append(answer.Results, result)
	}
	if ask.Last {
		i.Finish(r.Context(), "")
	}
	answer.Counts = i.Counts
	return answer, nil
}
