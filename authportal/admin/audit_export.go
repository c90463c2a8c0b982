package admin

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/userfile"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// exportFor bounds the time of one export. A longer trail can be exported month by month.
const exportFor = 5 * time.Minute

// auditExport answers with every event that the page's filters select, newest first, `as` csv or jsonl. It holds one
// page of events at a time. On an error it aborts the connection, so that a part does not look like the whole.
func (s *trail) auditExport(c *web.Call) error {
	if err := s.mustReadAudit(c); err != nil {
		return err
	}
	query := c.Request.URL.Query()
	q, err := s.auditPageQuery(c, query)
	if err != nil {
		return err
	}
	q.Limit = maxAuditPage
	var write func([]store.AuditEvent) error
	kind := ""
	switch as := query.Get("as"); as {
	case "csv":
		kind, write = "text/csv; charset=utf-8", auditCSV(c.Writer)
	case "jsonl":
		kind, write = "application/jsonl", auditLines(c.Writer)
	default:
		return problem.InvalidField("as", "must be csv or jsonl")
	}
	by, err := s.entry.mustAdminister(c, accounts.AnySession)
	if err != nil {
		return err
	}
	// The time limit of the call is meant for a page.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Ctx()), exportFor)
	defer cancel()
	page, err := s.audit.ListEvents(ctx, q)
	if err != nil {
		return err
	}
	s.accounts.Emit(ctx, by, audit.Event{Kind: audit.EventAuditExport, Result: audit.ResultOK, Reason: query.Get("as")})
	h := c.Writer.Header()
	h.Set("Content-Type", kind)
	name := "audit-" + s.now().UTC().Format(time.DateOnly) + "." + query.Get("as")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	if c.Request.Method == http.MethodHead {
		return nil
	}
	for {
		if err := write(page); err != nil {
			panic(http.ErrAbortHandler) // the browser has gone
		}
		if len(page) < q.Limit {
			return nil
		}
		q.After = page[len(page)-1].Cursor()
		if page, err = s.audit.ListEvents(ctx, q); err != nil {
			s.log.LogAttrs(ctx, slog.LevelError, "export of the audit trail stopped", slog.Any("error", err))
			panic(http.ErrAbortHandler)
		}
	}
}

func auditLines(w io.Writer) func([]store.AuditEvent) error {
	out := json.NewEncoder(w)
	return func(page []store.AuditEvent) error {
		for i := range page {
			if err := out.Encode(&page[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

func auditCSV(w io.Writer) func([]store.AuditEvent) error {
	out, begun := csv.NewWriter(w), false
	return func(page []store.AuditEvent) error {
		if !begun {
			begun = true
			_ = out.Write(auditRow(&store.AuditEvent{}, func(name, _ string) string { return name }))
		}
		for i := range page {
			// Error returns it
			_ = out.Write(auditRow(&page[i], func(_, value string) string { return userfile.WriteCell(value) }))
		}
		out.Flush()
		return out.Error()
	}
}

// auditRow returns the cells of an event, in the order of its JSON.
func auditRow(e *store.AuditEvent, cell func(name, value string) string) []string {
	row := []string{cell("id", e.ID), cell("time", e.Time.UTC().Format(time.RFC3339Nano)), cell("kind", e.Kind)}
	for _, f := range audit.EventFields(e) {
		row = append(row, cell(f.Name, f.Value))
	}
	return row
}
