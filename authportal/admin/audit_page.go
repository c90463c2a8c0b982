package admin

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// AuditPageSize is the number of events on a page.
const AuditPageSize = 50

// auditFilters are the filters of the page's form.
var auditFilters = []string{"whom", "who", "kind", "result", "address", "since", "until"}

// auditPage shows the trail, newest first.
func (s *trail) auditPage(c *web.Call) error {
	if err := s.mustReadAudit(c); err != nil {
		return err
	}
	query := c.Request.URL.Query()
	data := pages.AuditData{Kinds: audit.Kinds, Whom: query.Get("whom"), Who: query.Get("who"), Kind: query.Get("kind"),
		Result:  query.Get("result"),
		Address: query.Get("address"), Since: query.Get("since"), Until: query.Get("until"),
		Later: query.Get("after") != ""}
	page, status := pages.Page{Name: pages.AdminAudit}, http.StatusOK
	if err := s.fillAudit(c, &data, query); err != nil {
		var p *problem.Problem
		if !errors.As(err, &p) {
			return err
		}
		web.ShowProblem(&page, p)
		status = p.Status
	}
	page.Data = data
	return c.Page(status, page)
}

// mustReadAudit admits administrators, if there is a trail.
func (s *trail) mustReadAudit(c *web.Call) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	if s.audit == nil {
		return problem.NotFound
	}
	return nil
}

func (s *trail) fillAudit(c *web.Call, data *pages.AuditData, query url.Values) error {
	q, err := s.auditPageQuery(c, query)
	if err != nil {
		return err
	}
	events, err := s.audit.ListEvents(c.Ctx(), q)
	if err != nil {
		return fmt.Errorf("reading the audit trail: %w", err)
	}
	names := actorNames{p: s, c: c, known: map[string]string{}}
	for i := range events {
		e := &events[i]
		row := pages.AuditRow{Time: e.Time, Kind: e.Kind, Result: e.Result, Reason: e.Reason, Method: e.Method,
			Address: e.Address, Host: e.Host, WhomID: e.UserID, Whom: e.Username}
		if row.Whom == "" {
			row.Whom = e.UserID // refused before the account was looked up
		}
		if row.By, row.ByID, err = names.of(e.Actor); err != nil {
			return err
		}
		data.Events = append(data.Events, row)
	}
	kept := url.Values{}
	for _, name := range auditFilters {
		if text := query.Get(name); text != "" {
			kept.Set(name, text)
		}
	}
	data.FirstURL = c.Link("/admin/audit?" + kept.Encode())
	for format, to := range map[string]*string{"csv": &data.CSVURL, "jsonl": &data.LinesURL} {
		kept.Set("as", format)
		*to = c.Link("/admin/audit/export?" + kept.Encode())
	}
	if next := nextOfAudit(events, q.Limit); next != "" {
		kept.Del("as")
		kept.Set("after", next)
		data.NextURL = c.Link("/admin/audit?" + kept.Encode())
	}
	return nil
}

// actorNames looks up the present usernames of actors. A page has few.
type actorNames struct {
	p     *trail
	c     *web.Call
	known map[string]string
}

func (n *actorNames) of(actor string) (name, id string, err error) {
	if !accounts.UserID.MatchString(actor) {
		return actor, "", nil
	}
	name, known := n.known[actor]
	if !known {
		u, err := n.p.users.User(n.c.Ctx(), actor)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return "", "", fmt.Errorf("reading an administrator: %w", err)
		}
		if name = u.Username; name == "" {
			name = actor // deleted
		}
		n.known[actor] = name
	}
	return name, actor, nil
}

// auditPageQuery reads the fields of the form, which sends empty ones too.
func (s *trail) auditPageQuery(c *web.Call, query url.Values) (q store.AuditQuery, err error) {
	q = store.AuditQuery{Limit: AuditPageSize, Kind: query.Get("kind"), Result: query.Get("result")}
	if text := strings.TrimSpace(query.Get("whom")); text != "" {
		if q.UserID, err = s.auditAccount(c, text); err != nil {
			return q, err
		}
		if q.UserID == "" {
			q.Username = text // of an account that is deleted
		}
	}
	if text := strings.TrimSpace(query.Get("who")); text != "" {
		if q.Actor, err = s.auditAccount(c, text); err != nil {
			return q, err
		}
		if q.Actor == "" {
			q.Actor = text
		}
	}
	if text := strings.TrimSpace(query.Get("address")); text != "" {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return q, problem.InvalidField("address", "must be an IP address")
		}
		q.Address = addr.Unmap().WithZone("").String()
	}
	if q.Since, err = auditDay("since", query.Get("since")); err != nil {
		return q, err
	}
	if q.Until, err = auditDay("until", query.Get("until")); err != nil {
		return q, err
	}
	if !q.Until.IsZero() {
		q.Until = q.Until.AddDate(0, 0, 1) // the day itself is included
	}
	if text := query.Get("after"); text != "" {
		var ok bool
		if q.After, ok = readAuditCursor(text); !ok {
			return q, problem.NotFound
		}
	}
	return q, nil
}

// auditAccount returns the id of the account with that id, address or username; empty if there is none.
func (s *trail) auditAccount(c *web.Call, text string) (string, error) {
	if accounts.UserID.MatchString(text) {
		return text, nil
	}
	login, possible := accounts.NormalizeLogin(text)
	if !possible {
		return "", nil
	}
	u, err := s.users.FindUser(c.Ctx(), login)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("looking for an account: %w", err)
	}
	return u.ID, nil
}

func auditDay(name, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return day, problem.InvalidField(name, "must be a day such as 2026-11-25")
	}
	return day, nil
}
