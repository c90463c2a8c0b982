package ops

import (
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
)

// ImportRequest is a part of a file. Line numbers stay with the client that read it.
type ImportRequest struct {
	Users  []userfile.Row        `json:"users"`
	Dry    bool                  `json:"dry_run"`
	Before accounts.ImportCounts `json:"before"` // what became of the parts before
	Last   bool                  `json:"last"`   // the whole file makes one event
}

// ImportResponse has one result for each row, in their order.
type ImportResponse struct {
	Results []ImportResult        `json:"results"`
	Counts  accounts.ImportCounts `json:"counts"` // with those before
}

// ImportResult says what became of a row.
type ImportResult struct {
	ID     string `json:"id,omitempty"`
	Reason string `json:"reason,omitempty"` // why it was not made; empty: it was
}

// importUsers answers POST /gatehouse/users/import. A row that cannot be made stops no other; where we fail, the rows
// before have been made, and sending all of them again makes the others.
func (o *operator) importUsers(r *http.Request) (any, error) {
	var in ImportRequest
	if err := decodeBody(r, &in); err != nil {
		return nil, err
	}
	i := o.run.Portal.Accounts().NewImporter(commandLine, in.Dry)
	i.Counts = in.Before
	response := ImportResponse{Results: make([]ImportResult, 0, len(in.Users))}
	for n := range in.Users {
		out, err := i.Row(r.Context(), &in.Users[n])
		if err != nil {
			i.Finish(r.Context(), "stopped by a failure")
			return nil, err
		}
		result := ImportResult{ID: out.ID}
		if out.Problem != nil {
			result.Reason = problemText(out.Problem)
		}
		response.Results = append(response.Results, result)
	}
	if in.Last {
		i.Finish(r.Context(), "")
	}
	response.Counts = i.Counts
	return response, nil
}
