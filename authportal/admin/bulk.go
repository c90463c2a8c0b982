package admin

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// bulkAPI answers POST admin/users/bulk: one act on many accounts, with the outcome of each, in their order.
func (s *people) bulkAPI(c *web.Call) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	var action, role string
	var ids []string
	if _, err := c.JSONInto(map[string]any{"ids": &ids, "action": &action, "role": &role}); err != nil {
		return err
	}
	results, _, err := s.bulk(c, action, role, ids)
	if err != nil {
		return err
	}
	done := 0
	rows := make([]map[string]any, 0, len(results))
	for _, r := range results {
		row := map[string]any{"id": problem.Bounded(r.ID, 100), "result": "done"}
		if r.Problem == nil {
			done++
		} else {
			row["result"], row["code"], row["detail"] = audit.ResultRefused, r.Problem.Code, r.Problem.Detail
		}
		rows = append(rows, row)
	}
	return c.JSON(http.StatusOK, map[string]any{"results": rows, "done": done, "refused": len(rows) - done})
}

// bulk performs an act on many accounts, for pages and API. It always requires a recent login.
func (s *people) bulk(c *web.Call, action, role string, ids []string) ([]accounts.BulkResult, *accounts.Bulk, error) {
	by, err := s.entry.mustAdminister(c, accounts.RecentLogin)
	if err != nil {
		return nil, nil, err
	}
	a := s.accounts
	b, err := accounts.NewBulk(a, action, role, ids)
	if err != nil {
		return nil, nil, err
	}
	return accounts.DoBulk(c.Ctx(), a, s.log, by, b), b, nil
}

// bulkInput is the form of the list, or of the page that asks for confirmation.
type bulkInput struct {
	ids          []string
	action, role string
	all, sure    bool       // all: every account that the search finds
	found        url.Values // the query of the list
}

func (s *people) readBulkInput(c *web.Call) (f bulkInput, err error) {
	if err := c.Form(); err != nil {
		return f, err
	}
	for name, values := range c.Request.PostForm {
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
			return f, web.UnknownField(name)
		}
	}
	if act := accounts.ActNamed(f.action); act != nil && !act.Role {
		f.role = "" // the list sends its role field with every act
	}
	return f, nil
}

// postBulk lists the accounts for confirmation, then performs the act and shows the outcome of each.
func (s *people) postBulk(c *web.Call) error {
	f, err := s.readBulkInput(c)
	if err == nil {
		if f.sure {
			err = s.performBulk(c, f)
		} else {
			err = s.confirmBulk(c, f)
		}
	}
	if err != nil {
		return s.formFailed(c, err, "/admin/users", nil,
			func(status int, p pages.Page) error { return s.showList(c, status, p) })
	}
	return nil
}

// confirmBulk shows the accounts for confirmation. It runs the search here, once, so that the act affects exactly the
// accounts that were shown.
func (s *people) confirmBulk(c *web.Call, f bulkInput) error {
	if _, err := s.entry.mustAdminister(c, accounts.RecentLogin); err != nil {
		return err
	}
	a := s.accounts
	var list []store.User
	if f.all {
		q, err := readUserQuery(f.found)
		if err != nil {
			return err
		}
		q.After, q.Limit = "", accounts.MaxBulk+1
		if list, err = a.List(c.Ctx(), q); err != nil {
			return err
		}
		f.ids = nil
		for i := range list {
			f.ids = append(f.ids, list[i].ID)
		}
	}
	b, err := accounts.NewBulk(a, f.action, f.role, f.ids)
	if err != nil {
		return err
	}
	data := pages.AdminBulkData{Action: b.Act.Name, Role: b.Role}
	for _, id := range b.IDs {
		u, err := a.Account(c.Ctx(), id)
		switch {
		case err == nil:
			data.Rows = append(data.Rows, pages.BulkRow{Account: accountOfPage(&u, nil)})
		case problem.IsFault(err):
			return err
		}
	}
	if len(data.Rows) == 0 {
		return problem.NotFound
	}
	return c.Page(http.StatusOK, pages.Page{Name: pages.AdminBulk, Data: data})
}

func (s *people) performBulk(c *web.Call, f bulkInput) error {
	results, b, err := s.bulk(c, f.action, f.role, f.ids)
	if err != nil {
		return err
	}
	data := pages.AdminBulkData{Action: b.Act.Name, Role: b.Role, Done: true}
	for i := range results {
		r := &results[i]
		row := pages.BulkRow{Account: accountOfPage(&r.User, nil)}
		if r.Problem != nil {
			row.Problem = web.Message(r.Problem)
			data.Refused++
		}
		row.Gone = r.User.ID == "" || r.Problem == nil && (b.Act.Name == "delete" || b.Act.Name == "decline")
		if r.User.ID == "" {
			row.Account.ID = problem.Bounded(r.ID, 100)
		}
		data.Rows = append(data.Rows, row)
	}
	return c.Page(http.StatusOK, pages.Page{Name: pages.AdminBulk, Data: data})
}
