package admin

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

const (
	auditPage    = 100
	maxAuditPage = 1000
)

func (s *trail) auditRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/api/v1/admin/audit", Do: s.auditAPI},
		{Method: http.MethodGet, Path: "/admin/audit", Do: s.auditPage},
		{Method: http.MethodGet, Path: "/admin/audit/export", Do: s.auditExport},
	}
}

// auditAPI answers GET admin/audit with events, newest first.
func (s *trail) auditAPI(c *web.Call) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	if s.audit == nil {
		return problem.NotFound
	}
	q, err := auditQuery(c.Request.URL.Query())
	if err != nil {
		return err
	}
	events, err := s.audit.ListEvents(c.Ctx(), q)
	if err != nil {
		return fmt.Errorf("reading the audit trail: %w", err)
	}
	if events == nil {
		events = []store.AuditEvent{}
	}
	answer := map[string]any{"events": events}
	if next := nextOfAudit(events, q.Limit); next != "" {
		answer["next"] = next
	}
	return c.JSON(http.StatusOK, answer)
}

// auditQuery reads the filters. It refuses unknown ones: a misspelt filter must not look like one that matches
// everything.
func auditQuery(ask url.Values) (q store.AuditQuery, err error) {
	q.Limit = auditPage
	for name, values := range ask {
		value, bad := values[0], len(values) != 1
		switch name {
		case "kind":
			q.Kind = value
		case "result":
			q.Result = value
		case "actor":
			q.Actor = value
		case "user":
			q.UserID = value
		case "username":
			q.Username = value
		case "address":
			q.Address = value
		case "since":
			q.Since, err = web.ReadTime(value)
		case "until":
			q.Until, err = web.ReadTime(value)
		case "after":
			var ok bool
			q.After, ok = readAuditCursor(value)
			bad = bad || !ok
		case "limit":
			q.Limit, err = strconv.Atoi(value)
			bad = bad || q.Limit < 1 || q.Limit > maxAuditPage
		default:
			return q, web.UnknownField(name)
		}
		if bad || err != nil {
			return q, problem.InvalidField(name, "is not what it can be")
		}
	}
	return q, nil
}

// nextOfAudit returns the cursor of the next page, empty if page is the last.
func nextOfAudit(page []store.AuditEvent, limit int) string {
	if len(page) < limit {
		return ""
	}
	return auditCursor(page[len(page)-1].Cursor())
}

func auditCursor(at store.AuditCursor) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at.Time.UnixMicro(), 10) + " " + at.ID))
}

func readAuditCursor(s string) (at store.AuditCursor, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	micros, id, found := strings.Cut(string(raw), " ")
	n, e := strconv.ParseInt(micros, 10, 64)
	return store.AuditCursor{Time: time.UnixMicro(n), ID: id}, err == nil && e == nil && found &&
		accounts.UserID.MatchString(id)
}
