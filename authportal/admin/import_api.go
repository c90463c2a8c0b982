package admin

import (
	"bufio"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// A report is flushed after so many rows, and every second if rows are slow because of password hashing: proxies close
// silent connections.
const (
	flushRows  = 100
	flushEvery = time.Second
)

// importAPI answers POST admin/users/import with a report that is streamed while the rows are imported.
func (s *files) importAPI(c *web.Call) error {
	dry := false
	for name, values := range c.Request.URL.Query() {
		is, err := strconv.ParseBool(values[0])
		switch {
		case name != "dry_run":
			return web.UnknownField(name) // a misspelt dry_run would create accounts
		case err != nil || len(values) > 1:
			return problem.InvalidField(name, "must be true or false")
		}
		dry = is
	}
	return s.withUpload(c, func() (*upload, error) { return s.bodyUpload(c) },
		func(by accounts.Actor, f *upload) error {
			c.Writer.Header().Set("Content-Type", "application/json")
			report := &importReport{p: s, c: c, out: bufio.NewWriter(c.Writer), dry: dry}
			counts, stop := s.importRows(c, by, f, dry, report.row)
			return report.end(counts, stop)
		})
}

// bodyUpload reads the body in the format of its media type. A cross-origin form cannot send these types.
func (s *files) bodyUpload(c *web.Call) (*upload, error) {
	kind, params, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	format := map[string]userfile.Format{"text/csv": userfile.CSV, "application/json": userfile.JSON}[kind]
	charset := strings.ToLower(params["charset"])
	if err != nil || format == "" || charset != "" && charset != "utf-8" ||
		c.Request.Header.Get("Content-Encoding") != "" {
		return nil, &problem.Problem{Status: http.StatusUnsupportedMediaType, Code: problem.Malformed.Code,
			Detail: "Content-Type must be text/csv or application/json, in UTF-8 and not compressed"}
	}
	if c.Request.ContentLength > MaxImportFile {
		return nil, errFileTooLarge
	}
	return ReadUpload(http.MaxBytesReader(c.Writer, c.Request.Body, MaxImportFile), format, c.Request.ContentLength)
}

// importReport writes the outcome of each row.
type importReport struct {
	p    *files
	c    *web.Call
	out  *bufio.Writer
	dry  bool
	rows int

	flushed time.Time
}

type rowJSON struct {
	Line    int    `json:"line"`
	Email   string `json:"email"`
	Outcome string `json:"outcome"`
	ID      string `json:"id,omitempty"`
	Code    string `json:"code,omitempty"`
	Field   string `json:"field,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

func outcomeJSON(o accounts.Outcome) rowJSON {
	row := rowJSON{Line: o.Line, Email: problem.Bounded(o.Email, 300), Outcome: o.Result, ID: o.ID}
	if p := o.Problem; p != nil {
		row.Code, row.Reason = p.Code, p.Detail
		row.Field, _ = p.Extra["field"].(string)
	}
	return row
}

// row fails if the client has disconnected.
func (r *importReport) row(o accounts.Outcome) error {
	before := ",\n"
	if r.rows == 0 {
		before = `{"dry_run":` + strconv.FormatBool(r.dry) + `,"rows":[` + "\n"
	}
	r.rows++
	raw, err := json.Marshal(outcomeJSON(o))
	if err != nil {
		return err
	}
	_, _ = r.out.WriteString(before) // an error is sticky, and returned by the next write
	now := r.p.now()
	if _, err := r.out.Write(raw); err != nil || r.rows%flushRows != 0 && now.Sub(r.flushed) < flushEvery {
		return err
	}
	r.flushed = now
	if err := r.out.Flush(); err != nil {
		return err
	}
	_ = http.NewResponseController(r.c.Writer).Flush()
	return nil
}

func (r *importReport) end(n accounts.ImportCounts, stop *importStop) error {
	end := map[string]any{"made": n.Made, "exists": n.Exists, "refused": n.Refused}
	if stop != nil {
		end["stopped"] = map[string]any{"line": stop.line, "code": stop.problem.Code, "detail": stop.problem.Detail}
	}
	raw, err := json.Marshal(end)
	if err != nil {
		return err
	}
	if r.rows == 0 {
		_, _ = r.out.WriteString(`{"dry_run":` + strconv.FormatBool(r.dry) + `,"rows":[`)
	}
	_, _ = r.out.WriteString("\n]," + string(raw[1:]) + "\n")
	_ = r.out.Flush() // the client may have disconnected
	return nil
}
