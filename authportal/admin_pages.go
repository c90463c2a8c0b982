package authportal

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/method"
	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/store"
)

// adminPageRoutes are the pages of administrators: the same acts as in their API, by forms.
func (p *Portal) adminPageRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/admin/users", do: (*call).adminPage},
		{method: http.MethodPost, path: "/admin/users", do: (*call).adminCreateForm},
		{method: http.MethodPost, path: "/admin/users/bulk", do: (*call).adminBulkForm},
		{method: http.MethodGet, path: "/admin/users/{id}", do: (*call).adminUserPage},
		{method: http.MethodPost, path: "/admin/users/{id}", do: (*call).adminChangeForm},
		{method: http.MethodPost, path: "/admin/users/{id}/act", do: (*call).adminActForm},
	}
}

const adminPageSize = 50

// adminPage lists accounts.
func (c *call) adminPage() error {
	var notice *pages.Message
	if c.r.URL.Query().Get("done") == "deleted" {
		notice = &pages.Message{ID: "done_deleted"}
	}
	return c.showAdmin(http.StatusOK, pages.Page{Notice: notice})
}

func (c *call) showAdmin(status int, p pages.Page) error {
	if _, err := c.mustAdminister(anySession); err != nil {
		return err
	}
	q, err := c.userQuery()
	if err != nil {
		return err
	}
	q.Limit = adminPageSize
	list, err := c.p.Accounts().List(c.ctx(), q)
	if errors.Is(err, store.ErrNotFound) {
		return errNotFound // a page after nobody
	} else if err != nil {
		return err
	}
	sent := c.r.URL.Query()
	data := pages.AdminData{Query: bounded(q.Text, 300), Role: bounded(q.Role, 300), Enabled: sent.Get("enabled"), Approved: sent.Get("approved"),
		State: sent.Get("state"),
		Sort:  sent.Get("sort"), Later: q.After != "", Bulk: maxBulk, Invites: c.p.mails() && c.p.passwords() != nil}
	data.ExportCSV, data.ExportJSON = c.exportLinks()
	if data.Total = len(list); data.Later || len(list) == q.Limit { // else that was all
		if data.Total, err = c.p.Accounts().Count(c.ctx(), q, countedUsers); err != nil {
			return err
		}
	}
	columns, err := c.p.Accounts().Columns(c.ctx())
	if err != nil {
		return err
	}
	data.Columns = columnsOfPage(slices.DeleteFunc(columns, func(col Column) bool { return !col.Listed }))
	waiting := store.UserQuery{}
	SelectState(&waiting, StateWaiting)
	if data.Waiting, err = c.p.Accounts().Count(c.ctx(), waiting, countedUsers); err != nil {
		return err
	}
	for i := range list {
		data.Accounts = append(data.Accounts, adminAccount(&list[i], data.Columns))
	}
	for _, act := range acts() {
		data.Acts = append(data.Acts, act.name)
	}
	if len(list) == q.Limit {
		data.Next = q.Next(list[len(list)-1])
	}
	p.Name, p.Data = pages.Admin, data
	return c.page(status, p)
}

func adminAccount(u *store.User, columns []pages.AdminColumn) pages.AdminAccount {
	return pages.AdminAccount{User: pages.User{ID: u.ID, Username: u.Username, Email: u.Email, Name: u.Name, Roles: u.Roles, Confirmed: u.Confirmed},
		Enabled: u.Enabled, Approved: u.Approved, State: StateOf(u), PasswordDue: u.PasswordDue, Created: u.Created, LastSignIn: u.LastSignIn,
		Invited: u.Invited, Version: u.Version, Cells: cellsOf(u, columns)}
}

// adminUserPage shows one account.
func (c *call) adminUserPage() error {
	var notice *pages.Message
	if c.r.URL.Query().Get("done") == "saved" {
		notice = &pages.Message{ID: "done_saved"}
	}
	return c.showAdminUser(http.StatusOK, pages.Page{Notice: notice})
}

func (c *call) showAdminUser(status int, p pages.Page) error { return c.showAdminTicket(status, p, "") }

// showAdminTicket shows an account with a sign-in ticket for it, this once.
func (c *call) showAdminTicket(status int, p pages.Page, ticket string) error {
	if _, err := c.mustAdminister(anySession); err != nil {
		return err
	}
	u, err := c.target()
	if err != nil {
		return err
	}
	columns, err := c.p.Accounts().Columns(c.ctx())
	if err != nil {
		return err
	}
	data := pages.AdminUserData{Account: adminAccount(&u, columnsOfPage(columns)), RoleNames: strings.Join(u.Roles, " ")}
	for _, name := range slices.Sorted(maps.Keys(u.Attributes)) {
		if !slices.ContainsFunc(columns, func(col Column) bool { return col.Key == name }) {
			data.Attributes = append(data.Attributes, pages.Field{Name: name, Value: store.AttributeText(u.Attributes[name], ", ")})
		}
	}
	if pw := c.p.passwords(); pw != nil {
		data.Passwords, data.MinLength = true, pw.MinLength()
	}
	if data.Factors, err = c.factorRows(u.ID); err != nil {
		return err
	}
	if data.HasPassword, err = c.p.Accounts().hasPassword(c.ctx(), u.ID); err != nil {
		return err
	}
	data.Invites = c.p.mails() && data.Passwords && !data.HasPassword && u.Enabled && u.Email != ""
	data.Ticket = ticket
	list, err := c.p.Accounts().Sessions(c.ctx(), u.ID)
	if err != nil {
		return err
	}
	for i := range list {
		s := &list[i]
		data.Sessions = append(data.Sessions, pages.Session{ID: s.ID, Host: s.Host, Address: s.Address, Device: s.Device, Created: s.Created, LastSeen: s.LastSeen})
	}
	p.Name, p.Data = pages.AdminUser, data
	return c.page(status, p)
}

func (c *call) factorRows(id string) (rows []pages.Factor, err error) {
	list, err := c.p.accounts.Factors(c.ctx(), id)
	if err != nil {
		return nil, err
	}
	for i := range list {
		k := &list[i]
		rows = append(rows, pages.Factor{Kind: k.Kind, Label: k.Label, Created: k.Created, Used: k.Used})
	}
	return rows, nil
}

// adminFailed shows a page again with what went wrong in its form, or leads to signing in again and back to it.
func (c *call) adminFailed(err error, back string, typed map[string]string, show func(int, pages.Page) error) error {
	var p *Problem
	if !errors.As(err, &p) && !errors.Is(err, method.ErrBusy) {
		return err
	}
	switch p = problemOf(err); p.Code {
	case errLoginRequired.Code, errHTTPS.Code, errForbidden.Code, errNotFound.Code:
		return err
	case errFreshRequired.Code:
		return c.redirect(c.p.LoginURL(c.v, c.link(back), Demand{Fresh: freshFor}))
	}
	page := pages.Page{Values: map[string]string{}}
	for name, value := range typed {
		if name != "password" && name != "do" && name != "sure" {
			page.Values[name] = bounded(value, 4000)
		}
	}
	showProblem(&page, p)
	setRetry(c.w, p)
	return show(p.Status, page)
}

// adminCreateForm is the form's face of making an account. A password is set on its page.
func (c *call) adminCreateForm() error {
	f, err := c.formFields("email", "name", "roles", "invite")
	if err != nil {
		return err
	}
	by, err := c.mustAdminister(recentLogin)
	var u store.User
	if err == nil {
		add := c.p.Accounts().Add
		if f["invite"] != "" {
			add = c.p.Accounts().AddInvited
		}
		u, err = add(c.ctx(), by, NewUser{Email: f["email"], Name: f["name"], Roles: strings.Fields(f["roles"])})
	}
	if err != nil {
		return c.adminFailed(err, "/admin/users", f, c.showAdmin)
	}
	return c.redirect(c.link("/admin/users/" + u.ID + "?done=saved"))
}

// adminChangeForm changes what differs from what is stored, so that a name can be corrected without what a role needs.
func (c *call) adminChangeForm() error {
	if _, err := c.mustAdminister(anySession); err != nil {
		return err
	}
	columns, err := c.p.Accounts().Columns(c.ctx())
	if err != nil {
		return err
	}
	names := []string{"name", "email", "username", "roles", "version"}
	for _, col := range columns {
		names = append(names, col.Key)
	}
	f, err := c.formFields(names...)
	if err != nil {
		return err
	}
	if err := c.changeByForm(f, columns); err != nil {
		return c.adminFailed(err, "/admin/users/"+url.PathEscape(c.arg), f, c.showAdminUser)
	}
	return c.redirect(c.link("/admin/users/" + c.arg + "?done=saved"))
}

func (c *call) changeByForm(f map[string]string, columns []Column) error {
	u, err := c.target()
	if err != nil {
		return err
	}
	ch := UserChange{Attributes: map[string]any{}}
	if s, given := f["version"]; given {
		if ch.Version, err = strconv.ParseInt(s, 10, 64); err != nil {
			return errMalformed
		}
	}
	for _, col := range columns {
		if sent, given := f[col.Key]; given && sent != store.AttributeText(u.Attributes[col.Key], ", ") {
			ch.Attributes[col.Key] = sent
		}
	}
	needs := anySession
	for name, field := range map[string]struct {
		dst  **string
		have string
	}{"name": {&ch.Name, u.Name}, "email": {&ch.Email, u.Email}, "username": {&ch.Username, u.Username}} {
		if sent, given := f[name]; given && sent != field.have {
			*field.dst = &sent
			if name != "name" {
				needs = recentLogin
			}
		}
	}
	if sent, given := f["roles"]; given {
		if roles := strings.Fields(sent); !slices.Equal(slices.Sorted(slices.Values(roles)), u.Roles) {
			ch.Roles, needs = &roles, recentLogin
		}
	}
	by, err := c.mustAdminister(needs)
	if err != nil {
		return err
	}
	_, err = c.p.Accounts().Set(c.ctx(), by, u.ID, ch)
	return err
}
