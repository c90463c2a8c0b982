package admin

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// pageRoutes returns the pages of accounts. Their forms perform the same acts as the API.
func (s *people) pageRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/admin/users", Do: s.listPage},
		{Method: http.MethodPost, Path: "/admin/users", Do: s.createForm},
		{Method: http.MethodPost, Path: "/admin/users/bulk", Do: s.postBulk},
		{Method: http.MethodGet, Path: "/admin/users/{id}", Do: s.userPage},
		{Method: http.MethodPost, Path: "/admin/users/{id}", Do: s.changeForm},
		{Method: http.MethodPost, Path: "/admin/users/{id}/act", Do: s.actForm},
	}
}

const listPageSize = 50

// listPage lists accounts.
func (s *people) listPage(c *web.Call) error {
	var notice *pages.Message
	if c.Request.URL.Query().Get("done") == "deleted" {
		notice = &pages.Message{ID: "done_deleted"}
	}
	return s.showList(c, http.StatusOK, pages.Page{Notice: notice})
}

func (s *people) showList(c *web.Call, status int, p pages.Page) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	q, err := s.userQuery(c)
	if err != nil {
		return err
	}
	q.Limit = listPageSize
	list, err := s.accounts.List(c.Ctx(), q)
	if errors.Is(err, store.ErrNotFound) {
		return problem.NotFound // the account that the page follows is gone
	} else if err != nil {
		return err
	}
	sent := c.Request.URL.Query()
	data := pages.AdminData{Query: problem.Bounded(q.Text, 300), Role: problem.Bounded(q.Role, 300),
		Enabled: sent.Get("enabled"), Approved: sent.Get("approved"), State: sent.Get("state"),
		Sort: sent.Get("sort"), Later: q.After != "", Bulk: accounts.MaxBulk,
		Invites: s.signin.Mails() && s.accounts.Passwords() != nil}
	data.ExportCSV, data.ExportJSON = s.exportLinks(c)
	if data.Total = len(list); data.Later || len(list) == q.Limit { // else the list is complete
		if data.Total, err = s.accounts.Count(c.Ctx(), q, countedUsers); err != nil {
			return err
		}
	}
	columns, err := s.accounts.Columns(c.Ctx())
	if err != nil {
		return err
	}
	data.Columns = columnsOfPage(slices.DeleteFunc(columns, func(col accounts.Column) bool { return !col.Listed }))
	waiting := store.UserQuery{}
	accounts.SelectState(&waiting, accounts.StateWaiting)
	if data.Waiting, err = s.accounts.Count(c.Ctx(), waiting, countedUsers); err != nil {
		return err
	}
	for i := range list {
		data.Accounts = append(data.Accounts, accountOfPage(&list[i], data.Columns))
	}
	for _, act := range accounts.Acts() {
		data.Acts = append(data.Acts, act.Name)
	}
	if len(list) == q.Limit {
		data.Next = q.Next(list[len(list)-1])
	}
	p.Name, p.Data = pages.Admin, data
	return c.Page(status, p)
}

func accountOfPage(u *store.User, columns []pages.AdminColumn) pages.AdminAccount {
	return pages.AdminAccount{User: pages.User{ID: u.ID, Username: u.Username, Email: u.Email, Name: u.Name,
		Roles: u.Roles, Confirmed: u.Confirmed},
		Enabled: u.Enabled, Approved: u.Approved, State: accounts.StateOf(u), PasswordDue: u.MustChangePassword,
		Created: u.Created, LastSignIn: u.LastSignIn,
		Invited: u.Invited, Version: u.Version, Cells: cellsOf(u, columns)}
}

// userPage shows one account.
func (s *people) userPage(c *web.Call) error {
	var notice *pages.Message
	if c.Request.URL.Query().Get("done") == "saved" {
		notice = &pages.Message{ID: "done_saved"}
	}
	return s.showUser(c, http.StatusOK, pages.Page{Notice: notice})
}

func (s *people) showUser(c *web.Call, status int, p pages.Page) error {
	return s.showUserTicket(c, status, p, "")
}

// showUserTicket shows an account with its sign-in ticket, which is shown only once.
func (s *people) showUserTicket(c *web.Call, status int, p pages.Page, ticket string) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	u, err := s.entry.target(c)
	if err != nil {
		return err
	}
	columns, err := s.accounts.Columns(c.Ctx())
	if err != nil {
		return err
	}
	data := pages.AdminUserData{Account: accountOfPage(&u, columnsOfPage(columns)),
		RoleNames: strings.Join(u.Roles, " ")}
	for _, name := range slices.Sorted(maps.Keys(u.Attributes)) {
		if !slices.ContainsFunc(columns, func(col accounts.Column) bool { return col.Key == name }) {
			data.Attributes = append(data.Attributes,
				pages.Field{Name: name, Value: store.AttributeText(u.Attributes[name], ", ")})
		}
	}
	if pw := s.accounts.Passwords(); pw != nil {
		data.Passwords, data.MinLength = true, pw.MinLength()
	}
	if data.Factors, err = s.factorRows(c, u.ID); err != nil {
		return err
	}
	if data.HasPassword, err = s.accounts.HasPassword(c.Ctx(), u.ID); err != nil {
		return err
	}
	data.Invites = s.signin.Mails() && data.Passwords && !data.HasPassword && u.Enabled && u.Email != ""
	data.Ticket = ticket
	list, err := s.accounts.Sessions(c.Ctx(), u.ID)
	if err != nil {
		return err
	}
	for i := range list {
		session := &list[i]
		data.Sessions = append(data.Sessions, pages.Session{ID: session.ID, Host: session.Host,
			Address: session.Address, Device: session.Device, Created: session.Created, LastSeen: session.LastSeen})
	}
	p.Name, p.Data = pages.AdminUser, data
	return c.Page(status, p)
}

func (s *people) factorRows(c *web.Call, id string) (rows []pages.Factor, err error) {
	list, err := s.accounts.Factors(c.Ctx(), id)
	if err != nil {
		return nil, err
	}
	for i := range list {
		k := &list[i]
		rows = append(rows, pages.Factor{Kind: k.Kind, Label: k.Label, Created: k.Created, Used: k.Used})
	}
	return rows, nil
}

// formFailed shows a page again with the error in its form, or redirects to the login page and back.
func (s *people) formFailed(c *web.Call, err error, back string, typed map[string]string,
	show func(int, pages.Page) error) error {
	var p *problem.Problem
	if !errors.As(err, &p) && !errors.Is(err, method.ErrBusy) {
		return err
	}
	switch p = problem.Of(err); p.Code {
	case problem.LoginRequired.Code, problem.HTTPS.Code, problem.Forbidden.Code, problem.NotFound.Code:
		return err
	case problem.FreshRequired.Code:
		return c.Redirect(s.signin.LoginURL(c.Visit, c.Link(back), web.Demand{Fresh: web.FreshFor}))
	}
	page := pages.Page{Values: map[string]string{}}
	for name, value := range typed {
		if name != "password" && name != "do" && name != "sure" {
			page.Values[name] = problem.Bounded(value, 4000)
		}
	}
	web.ShowProblem(&page, p)
	web.SetRetry(c.Writer, p)
	return show(p.Status, page)
}

// createForm creates an account. Its password can be set on the account's page.
func (s *people) createForm(c *web.Call) error {
	f, err := c.FormFields("email", "name", "roles", "invite")
	if err != nil {
		return err
	}
	by, err := s.entry.mustAdminister(c, accounts.RecentLogin)
	var u store.User
	if err == nil {
		add := s.accounts.Add
		if f["invite"] != "" {
			add = s.accounts.AddInvited
		}
		u, err = add(c.Ctx(), by, accounts.NewUser{Email: f["email"], Name: f["name"],
			Roles: strings.Fields(f["roles"])})
	}
	if err != nil {
		return s.formFailed(c, err, "/admin/users", f,
			func(status int, p pages.Page) error { return s.showList(c, status, p) })
	}
	return c.Redirect(c.Link("/admin/users/" + u.ID + "?done=saved"))
}

// changeForm changes only the fields that differ, so that correcting a name does not require the assurance of a
// role.
func (s *people) changeForm(c *web.Call) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	columns, err := s.accounts.Columns(c.Ctx())
	if err != nil {
		return err
	}
	names := []string{"name", "email", "username", "roles", "version"}
	for _, col := range columns {
		names = append(names, col.Key)
	}
	f, err := c.FormFields(names...)
	if err != nil {
		return err
	}
	if err := s.changeByForm(c, f, columns); err != nil {
		return s.formFailed(c, err, "/admin/users/"+url.PathEscape(c.Arg), f,
			func(status int, p pages.Page) error { return s.showUser(c, status, p) })
	}
	return c.Redirect(c.Link("/admin/users/" + c.Arg + "?done=saved"))
}

func (s *people) changeByForm(c *web.Call, f map[string]string, columns []accounts.Column) error {
	u, err := s.entry.target(c)
	if err != nil {
		return err
	}
	ch := accounts.UserChange{Attributes: map[string]any{}}
	if text, given := f["version"]; given {
		if ch.Version, err = strconv.ParseInt(text, 10, 64); err != nil {
			return problem.Malformed
		}
	}
	for _, col := range columns {
		if sent, given := f[col.Key]; given && sent != store.AttributeText(u.Attributes[col.Key], ", ") {
			ch.Attributes[col.Key] = sent
		}
	}
	needs := accounts.AnySession
	for name, field := range map[string]struct {
		dst  **string
		have string
	}{"name": {&ch.Name, u.Name}, "email": {&ch.Email, u.Email}, "username": {&ch.Username, u.Username}} {
		if sent, given := f[name]; given && sent != field.have {
			*field.dst = &sent
			if name != "name" {
				needs = accounts.RecentLogin
			}
		}
	}
	if sent, given := f["roles"]; given {
		if roles := strings.Fields(sent); !slices.Equal(slices.Sorted(slices.Values(roles)), u.Roles) {
			ch.Roles, needs = &roles, accounts.RecentLogin
		}
	}
	by, err := s.entry.mustAdminister(c, needs)
	if err != nil {
		return err
	}
	_, err = s.accounts.Set(c.Ctx(), by, u.ID, ch)
	return err
}
