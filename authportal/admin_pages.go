package authportal

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/store"
)

// adminPageRoutes are the pages of administrators: the same acts as in their API, by forms.
func (p *Portal) adminPageRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/admin", do: (*call).adminPage},
		{method: http.MethodPost, path: "/admin/users", do: (*call).adminCreateForm},
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
	if _, err := c.mustAdminister(noPower); err != nil {
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
	data := pages.AdminData{Query: bounded(q.Text, 300), Sort: c.r.URL.Query().Get("sort"), Later: q.After != ""}
	if data.Total = len(list); data.Later || len(list) == q.Limit { // else that was all
		if data.Total, err = c.p.Accounts().Count(c.ctx(), q, countedUsers); err != nil {
			return err
		}
	}
	for i := range list {
		data.Accounts = append(data.Accounts, adminAccount(&list[i]))
	}
	if len(list) == q.Limit {
		data.Next = q.Next(list[len(list)-1])
	}
	p.Name, p.Data = pages.Admin, data
	return c.page(status, p)
}

func adminAccount(u *store.User) pages.AdminAccount {
	return pages.AdminAccount{User: pages.User{ID: u.ID, Username: u.Username, Email: u.Email, Name: u.Name, Roles: u.Roles, Confirmed: u.Confirmed},
		Enabled: u.Enabled, Approved: u.Approved, Created: u.Created, LastSignIn: u.LastSignIn}
}

// adminUserPage shows one account.
func (c *call) adminUserPage() error {
	var notice *pages.Message
	if c.r.URL.Query().Get("done") == "saved" {
		notice = &pages.Message{ID: "done_saved"}
	}
	return c.showAdminUser(http.StatusOK, pages.Page{Notice: notice})
}

func (c *call) showAdminUser(status int, p pages.Page) error {
	if _, err := c.mustAdminister(noPower); err != nil {
		return err
	}
	u, err := c.target()
	if err != nil {
		return err
	}
	data := pages.AdminUserData{Account: adminAccount(&u), RoleNames: strings.Join(u.Roles, " ")}
	for _, name := range slices.Sorted(maps.Keys(u.Attributes)) {
		data.Attributes = append(data.Attributes, pages.Field{Name: name, Value: attributeText(u.Attributes[name])})
	}
	if pw := c.p.passwords(); pw != nil {
		data.Passwords, data.MinLength = true, pw.MinLength()
	}
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

// attributeText is an attribute as people read it.
func attributeText(v any) string {
	list, ok := v.([]any)
	if !ok {
		return fmt.Sprint(v)
	}
	words := make([]string, 0, len(list))
	for _, e := range list {
		words = append(words, fmt.Sprint(e))
	}
	return strings.Join(words, ", ")
}

// adminFailed shows a page again with what went wrong in its form, or leads to signing in again and back to it.
func (c *call) adminFailed(err error, back string, typed map[string]string, show func(int, pages.Page) error) error {
	var p *Problem
	if !errors.As(err, &p) && !errors.Is(err, ErrBusy) {
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
	f, err := c.formFields("email", "name", "roles")
	if err != nil {
		return err
	}
	by, err := c.mustAdminister(somePower)
	var u store.User
	if err == nil {
		u, err = c.p.Accounts().Add(c.ctx(), by, NewUser{Email: f["email"], Name: f["name"], Roles: strings.Fields(f["roles"])})
	}
	if err != nil {
		return c.adminFailed(err, "/admin", f, c.showAdmin)
	}
	return c.redirect(c.link("/admin/users/" + u.ID + "?done=saved"))
}

// adminChangeForm changes what differs from what is stored, so that a name can be corrected without what a role needs.
func (c *call) adminChangeForm() error {
	f, err := c.formFields("name", "email", "username", "roles")
	if err != nil {
		return err
	}
	if err := c.changeByForm(f); err != nil {
		return c.adminFailed(err, "/admin/users/"+url.PathEscape(c.arg), f, c.showAdminUser)
	}
	return c.redirect(c.link("/admin/users/" + c.arg + "?done=saved"))
}

func (c *call) changeByForm(f map[string]string) error {
	if _, err := c.mustAdminister(noPower); err != nil {
		return err
	}
	u, err := c.target()
	if err != nil {
		return err
	}
	var ch UserChange
	needs := noPower
	for name, field := range map[string]struct {
		dst  **string
		have string
	}{"name": {&ch.Name, u.Name}, "email": {&ch.Email, u.Email}, "username": {&ch.Username, u.Username}} {
		if sent, given := f[name]; given && sent != field.have {
			*field.dst = &sent
			if name != "name" {
				needs = somePower
			}
		}
	}
	if sent, given := f["roles"]; given {
		if roles := strings.Fields(sent); !slices.Equal(slices.Sorted(slices.Values(roles)), u.Roles) {
			ch.Roles, needs = &roles, somePower
		}
	}
	by, err := c.mustAdminister(needs)
	if err != nil {
		return err
	}
	_, err = c.p.Accounts().Set(c.ctx(), by, u.ID, ch)
	return err
}

// adminActForm does one act on one account.
func (c *call) adminActForm() error {
	f, err := c.formFields("do", "password", "sure")
	if err != nil {
		return err
	}
	if err := c.actByForm(f); err != nil {
		return c.adminFailed(err, "/admin/users/"+url.PathEscape(c.arg), nil, c.showAdminUser)
	}
	if f["do"] == "delete" {
		return c.redirect(c.link("/admin?done=deleted"))
	}
	return c.redirect(c.link("/admin/users/" + c.arg + "?done=saved"))
}

func (c *call) actByForm(f map[string]string) error {
	needs := noPower
	switch f["do"] {
	case "delete":
		needs = somePower
	case "password":
		needs = allPower
	}
	by, err := c.mustAdminister(needs)
	if err != nil {
		return err
	}
	u, err := c.target()
	if err != nil {
		return err
	}
	a := c.p.Accounts()
	switch f["do"] {
	case "enable":
		_, err = a.Enable(c.ctx(), by, u.ID)
	case "disable":
		_, err = a.Disable(c.ctx(), by, u.ID)
	case "approve":
		_, err = a.Set(c.ctx(), by, u.ID, UserChange{Approved: new(true)})
	case "sessions":
		_, err = a.RevokeSessions(c.ctx(), by, u.ID)
	case "password":
		_, err = a.Set(c.ctx(), by, u.ID, UserChange{Password: new(f["password"])})
	case "delete":
		if f["sure"] != "1" {
			return invalidField("sure", "is not ticked")
		}
		err = a.Delete(c.ctx(), by, u.ID)
	default:
		return errMalformed
	}
	return err
}
