package admin

import (
	"encoding/csv"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// The page of imports asks for the file twice: for a dry run, and to import it. The server keeps nothing in between:
// files with passwords would pile up, and the second request may reach another gateway. The page does not contain the
// file either, which may be large. It has a fingerprint instead, so that only the file that was checked is imported.

// importFields are the fields of the form.
type importFields struct {
	do  string // "check", "report" (the full report as a file), "import"
	sum string // of the file that was checked
}

var errUnchecked = &problem.Problem{Status: http.StatusConflict, Code: "import_unchecked",
	Detail: "this is not the file that was checked"}

// importPage shows the form. It requires the recent login before a file is chosen, because the redirect to the login
// page would lose it.
func (s *files) importPage(c *web.Call) error {
	if _, err := s.entry.mustAdminister(c, accounts.RecentLogin); err != nil {
		return err
	}
	return s.showImport(c, http.StatusOK, pages.Page{})
}

func (s *files) showImport(c *web.Call, status int, p pages.Page) error {
	if p.Name == "" {
		p.Name, p.Data = pages.AdminImport, pages.AdminImportData{}
	}
	return c.Page(status, p)
}

// importForm imports a file, tries it, or answers with the report of a dry run.
func (s *files) importForm(c *web.Call) error {
	var f importFields
	read := func() (file *upload, err error) {
		file, f, err = s.uploadForm(c)
		return file, err
	}
	err := s.withUpload(c, read, func(by accounts.Actor, file *upload) error {
		switch f.do {
		case "report":
			return s.importReportFile(c, by, file)
		case "import":
			if f.sum != file.sum {
				return s.importAndShow(c, by, file, true, errUnchecked)
			}
			return s.importAndShow(c, by, file, false, nil)
		}
		return s.importAndShow(c, by, file, true, nil)
	})
	if err != nil {
		return s.people.formFailed(c, err, "/admin/import", nil,
			func(status int, p pages.Page) error { return s.showImport(c, status, p) })
	}
	return nil
}

// uploadForm reads the parts of the form in their order. All but the file are short, and none may repeat.
func (s *files) uploadForm(c *web.Call) (file *upload, f importFields, err error) {
	if c.Request.ContentLength > MaxImportFile+web.MaxForm {
		return nil, f, errFileTooLarge
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, MaxImportFile+web.MaxForm)
	parts, err := c.Request.MultipartReader()
	if err != nil {
		p := *problem.Malformed
		p.Status = http.StatusUnsupportedMediaType
		return nil, f, &p
	}
	seen := map[string]bool{}
	for {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF) && file == nil:
			return nil, f, problem.InvalidField("file", "is missing")
		case errors.Is(err, io.EOF):
			return file, f, nil
		case err != nil:
			return nil, f, errUploadStopped
		}
		name := part.FormName()
		if seen[name] {
			return nil, f, problem.InvalidField(problem.Bounded(name, 64), "is there more than once")
		}
		seen[name] = true
		switch name {
		case "do":
			f.do, err = shortPart(part)
		case "sum":
			f.sum, err = shortPart(part)
		case "file":
			format, known := userfile.FormatOf(part.FileName())
			if !known {
				return nil, f, problem.InvalidField("file", "has a name that ends neither in .csv nor in .json")
			}
			file, err = ReadUpload(part, format, c.Request.ContentLength)
		default:
			err = web.UnknownField(name)
		}
		if err != nil {
			return nil, f, err
		}
	}
}

func shortPart(part *multipart.Part) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(part, 101))
	switch {
	case err != nil:
		return "", errUploadStopped
	case len(raw) > 100:
		return "", problem.Malformed
	}
	return string(raw), nil
}

// ShownRows bounds the rows of a report on a page. The full report is a file.
const ShownRows = 100

// importAndShow imports or tries a file, and shows the outcome, refused rows first.
func (s *files) importAndShow(c *web.Call, by accounts.Actor, file *upload, dry bool, shown *problem.Problem) error {
	rows := map[string][]pages.ImportRow{}
	counts, stop := s.importRows(c, by, file, dry, func(o accounts.Outcome) error {
		if list := rows[o.Result]; len(list) < ShownRows {
			rows[o.Result] = append(list, importRowOf(o))
		}
		return nil
	})
	report := &pages.ImportReport{Dry: dry, Made: counts.Made, Exists: counts.Exists, Refused: counts.Refused,
		Total: counts.Total()}
	for _, result := range []string{accounts.OutcomeRefused, accounts.OutcomeExists, accounts.OutcomeMade} {
		report.Rows = append(report.Rows, rows[result][:min(len(rows[result]), ShownRows-len(report.Rows))]...)
	}
	report.More = report.Total - len(report.Rows)
	status, page := http.StatusOK, pages.Page{}
	data := pages.AdminImportData{Report: report}
	if dry {
		data.Sum = file.sum
	}
	switch {
	case stop != nil:
		status, shown = stop.problem.Status, stop.problem
		data.Sum = ""
		report.StoppedAt = stop.line
	case shown != nil:
		status = shown.Status
	case !dry:
		page.Notice = &pages.Message{ID: "done_imported", Args: map[string]any{"n": counts.Made}}
	}
	if shown != nil {
		page.Problem = web.Message(shown)
	}
	page.Name, page.Data = pages.AdminImport, data
	return c.Page(status, page)
}

func importRowOf(o accounts.Outcome) pages.ImportRow {
	row := pages.ImportRow{Line: o.Line, Email: problem.Bounded(o.Email, 300), Outcome: o.Result}
	if p := o.Problem; p != nil {
		why := &pages.Message{ID: "import_why", Args: map[string]any{}}
		if field, ok := p.Extra["field"].(string); ok {
			why.Args["field"] = field
		} else {
			why.Args["reason"] = p.Code
		}
		row.Why = why
	}
	return row
}

// importReportFile answers with the full report of a dry run as CSV. Cells are escaped against formula injection.
func (s *files) importReportFile(c *web.Call, by accounts.Actor, file *upload) error {
	c.Writer.Header().Set("Content-Type", "text/csv; charset=utf-8")
	c.Writer.Header().Set("Content-Disposition", `attachment; filename="import-report.csv"`)
	out := csv.NewWriter(c.Writer)
	// an error is sticky, and ends the import at its first row
	_ = out.Write([]string{"line", "email", "outcome", "code", "field", "reason"})
	_, stop := s.importRows(c, by, file, true, func(o accounts.Outcome) error {
		row := outcomeJSON(o)
		return out.Write([]string{strconv.Itoa(row.Line), userfile.WriteCell(row.Email), row.Outcome, row.Code,
			userfile.WriteCell(row.Field), userfile.WriteCell(row.Reason)})
	})
	if stop != nil {
		_ = out.Write([]string{strconv.Itoa(stop.line), "", "stopped", stop.problem.Code, "", stop.problem.Detail})
	}
	out.Flush()
	return nil
}
