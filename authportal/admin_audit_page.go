package authportal

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

const auditPageSize = 50

// auditFilters are the fields of the page's form, in which people say what they look for.
var auditFilters = []string{"whom", "who", "kind", "result", "address", "since", "until"}

// auditPage shows the trail, newest first.
func (c *call) auditPage() error {
	if err := c.mustReadAudit(); err != nil {
		return err
	}
	asked := c.r.URL.Query()
	data := pages.AuditData{Kinds: eventKinds, Whom: asked.Get("whom"), Who: asked.Get("who"), Kind: asked.Get("kind"), Result: asked.Get("result"),
		Address: asked.Get("address"), Since: asked.Get("since"), Until: asked.Get("until"), Later: asked.Get("after") != ""}
	page, status := pages.Page{Name: pages.AdminAudit}, http.StatusOK
	if err := c.fillAudit(&data, asked); err != nil {
		var p *problem.Problem
		if !errors.As(err, &p) {
			return err
		}
		showProblem(&page, p)
		status = p.Status
	}
	page.Data = data
	return c.page(status, page)
}

// mustReadAudit is for administrators, where there is a trail.
func (c *call) mustReadAudit() error {
	if _, err := c.mustAdminister(anySession); err != nil {
		return err
	}
	if c.p.audit == nil {
		return problem.NotFound
	}
	return nil
}

func (c *call) fillAudit(data *pages.AuditData, asked url.Values) error {
	q, err := c.auditPageQuery(asked)
	if err != nil {
		return err
	}
	events, err := c.p.audit.ListEvents(c.ctx(), q)
	if err != nil {
		return fmt.Errorf("reading the audit trail: %w", err)
	}
	names := actorNames{p: c.p, c: c, known: map[string]string{}}
	for i := range events {
		e := &events[i]
		row := pages.AuditRow{Time: e.Time, Kind: e.Kind, Result: e.Result, Reason: e.Reason, Method: e.Method, Address: e.Address, Host: e.Host,
			WhomID: e.UserID, Whom: e.Username}
		if row.Whom == "" {
			row.Whom = e.UserID // refused before anybody looked it up
		}
		if row.By, row.ByID, err = names.of(e.Actor); err != nil {
			return err
		}
		data.Events = append(data.Events, row)
	}
	kept := url.Values{}
	for _, name := range auditFilters {
		if s := asked.Get(name); s != "" {
			kept.Set(name, s)
		}
	}
	data.FirstURL = c.link("/admin/audit?" + kept.Encode())
	for format, to := range map[string]*string{"csv": &data.CSVURL, "jsonl": &data.LinesURL} {
		kept.Set("as", format)
		*to = c.link("/admin/audit/export?" + kept.Encode())
	}
	if next := nextOfAudit(events, q.Limit); next != "" {
		kept.Del("as")
		kept.Set("after", next)
		data.NextURL = c.link("/admin/audit?" + kept.Encode())
	}
	return nil
}

// actorNames finds what administrators are called now. A page names few.
type actorNames struct {
	p     *Portal
	c     *call
	known map[string]string
}

func (n *actorNames) of(actor string) (name, id string, err error) {
	if !userID.MatchString(actor) {
		return actor, "", nil
	}
	name, known := n.known[actor]
	if !known {
		u, err := n.p.users.User(n.c.ctx(), actor)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return "", "", fmt.Errorf("reading an administrator: %w", err)
		}
		if name = u.Username; name == "" {
			name = actor // gone
		}
		n.known[actor] = name
	}
	return name, actor, nil
}

// auditPageQuery reads the fields of the form. A form sends empty ones, too.
func (c *call) auditPageQuery(asked url.Values) (q store.AuditQuery, err error) {
	q = store.AuditQuery{Limit: auditPageSize, Kind: asked.Get("kind"), Result: asked.Get("result")}
	if s := strings.TrimSpace(asked.Get("whom")); s != "" {
		if q.UserID, err = c.auditAccount(s); err != nil {
			return q, err
		}
		if q.UserID == "" {
			q.Username = s // of an account that is gone
		}
	}
	if s := strings.TrimSpace(asked.Get("who")); s != "" {
		if q.Actor, err = c.auditAccount(s); err != nil {
			return q, err
		}
		if q.Actor == "" {
			q.Actor = s
		}
	}
	if s := strings.TrimSpace(asked.Get("address")); s != "" {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return q, problem.InvalidField("address", "must be an IP address")
		}
		q.Address = addr.Unmap().WithZone("").String()
	}
	if q.Since, err = auditDay("since", asked.Get("since")); err != nil {
		return q, err
	}
	if q.Until, err = auditDay("until", asked.Get("until")); err != nil {
		return q, err
	}
	if !q.Until.IsZero() {
		q.Until = q.Until.AddDate(0, 0, 1) // that day, too
	}
	if s := asked.Get("after"); s != "" {
		var ok bool
		if q.After, ok = readAuditCursor(s); !ok {
			return q, problem.NotFound
		}
	}
	return q, nil
}

// auditAccount returns the id of the account that goes by that id, address or username; empty where none does.
func (c *call) auditAccount(s string) (string, error) {
	if userID.MatchString(s) {
		return s, nil
	}
	login, possible := NormalizeLogin(s)
	if !possible {
		return "", nil
	}
	u, err := c.p.users.FindUser(c.ctx(), login)
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
