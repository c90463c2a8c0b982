package authportal

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// adminBulkAPI answers POST admin/users/bulk: one act on many accounts, and what became of each, in their order.
func (c *call) adminBulkAPI() error {
	if _, err := c.mustAdminister(anySession); err != nil {
		return err
	}
	var action, role string
	var ids []string
	if _, err := c.jsonInto(map[string]any{"ids": &ids, "action": &action, "role": &role}); err != nil {
		return err
	}
	results, _, err := c.bulk(action, role, ids)
	if err != nil {
		return err
	}
	done := 0
	rows := make([]map[string]any, 0, len(results))
	for _, r := range results {
		row := map[string]any{"id": bounded(r.id, 100), "result": "done"}
		if r.problem == nil {
			done++
		} else {
			row["result"], row["code"], row["detail"] = ResultRefused, r.problem.Code, r.problem.Detail
		}
		rows = append(rows, row)
	}
	return c.json(http.StatusOK, map[string]any{"results": rows, "done": done, "refused": len(rows) - done})
}

// bulk does it, in either face. Whatever the act needs for one account, for many it needs a sign-in of the last ten minutes.
func (c *call) bulk(action, role string, ids []string) ([]bulkResult, *bulk, error) {
	by, err := c.mustAdminister(recentLogin)
	if err != nil {
		return nil, nil, err
	}
	a := c.p.accounts
	b, err := newBulk(a, action, role, ids)
	if err != nil {
		return nil, nil, err
	}
	return doBulk(c.ctx(), a, c.p.log, by, b), b, nil
}

// bulkForm is what the list, or the page that asks whether one is sure, has sent.
type bulkForm struct {
	ids          []string
	action, role string
	all, sure    bool       // all: whoever the search finds
	found        url.Values // of the list: what was looked for
}

func (c *call) readBulkForm() (f bulkForm, err error) {
	if err := c.form(); err != nil {
		return f, err
	}
	for name, values := range c.r.PostForm {
		if name == "ids" {
			f.ids = values
			continue
		}
		if len(values) != 1 {
			return f, problem.InvalidField(name, "is there more than once")
		}
		switch v := values[0]; name {
		case "action":
			f.action = v
		case "role":
			f.role = v
		case "all":
			f.all = v == "1"
		case "sure":
			f.sure = v == "1"
		case "found":
			if f.found, err = url.ParseQuery(strings.TrimPrefix(v, "?")); err != nil {
				return f, problem.InvalidField(name, "is not what it can be")
			}
		default:
			return f, unknownField(name)
		}
	}
	if act := actNamed(f.action); act != nil && !act.role {
		f.role = "" // the list has one field for it, whatever is chosen
	}
	return f, nil
}

// adminBulkForm asks whether one is sure, naming everybody, and then does it and says what became of each.
func (c *call) adminBulkForm() error {
	f, err := c.readBulkForm()
	if err == nil {
		if f.sure {
			err = c.bulkDone(f)
		} else {
			err = c.bulkAsk(f)
		}
	}
	if err != nil {
		return c.adminFailed(err, "/admin/users", nil, c.showAdmin)
	}
	return nil
}

// bulkAsk shows whom it is about. Whoever the search finds is looked up here, once: what is done later is done to those who
// were shown.
func (c *call) bulkAsk(f bulkForm) error {
	if _, err := c.mustAdminister(recentLogin); err != nil {
		return err
	}
	a := c.p.accounts
	var list []store.User
	if f.all {
		q, err := readUserQuery(f.found)
		if err != nil {
			return err
		}
		q.After, q.Limit = "", maxBulk+1
		if list, err = a.List(c.ctx(), q); err != nil {
			return err
		}
		f.ids = nil
		for i := range list {
			f.ids = append(f.ids, list[i].ID)
		}
	}
	b, err := newBulk(a, f.action, f.role, f.ids)
	if err != nil {
		return err
	}
	data := pages.AdminBulkData{Action: b.act.name, Role: b.role}
	for _, id := range b.ids {
		u, err := a.Account(c.ctx(), id)
		switch {
		case err == nil:
			data.Rows = append(data.Rows, pages.BulkRow{Account: adminAccount(&u, nil)})
		case weFailed(err):
			return err
		}
	}
	if len(data.Rows) == 0 {
		return problem.NotFound
	}
	return c.page(http.StatusOK, pages.Page{Name: pages.AdminBulk, Data: data})
}

func (c *call) bulkDone(f bulkForm) error {
	results, b, err := c.bulk(f.action, f.role, f.ids)
	if err != nil {
		return err
	}
	data := pages.AdminBulkData{Action: b.act.name, Role: b.role, Done: true}
	for i := range results {
		r := &results[i]
		row := pages.BulkRow{Account: adminAccount(&r.user, nil)}
		if r.problem != nil {
			row.Problem = message(r.problem)
			data.Refused++
		}
		row.Gone = r.user.ID == "" || r.problem == nil && (b.act.name == "delete" || b.act.name == "decline")
		if r.user.ID == "" {
			row.Account.ID = bounded(r.id, 100)
		}
		data.Rows = append(data.Rows, row)
	}
	return c.page(http.StatusOK, pages.Page{Name: pages.AdminBulk, Data: data})
}
