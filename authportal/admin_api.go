package authportal

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// countedUsers is up to how many accounts a list counts what it found.
const countedUsers = 10_000

// userQuery reads which accounts are asked for.
func (c *call) userQuery() (store.UserQuery, error) { return readUserQuery(c.r.URL.Query()) }

func readUserQuery(v url.Values) (q store.UserQuery, err error) {
	q.Text, q.Role, q.After = v.Get("query"), v.Get("role"), v.Get("after")
	if s := v.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 1000 {
			return q, problem.InvalidField("limit", "must be a number from 1 to 1000")
		}
		q.Limit = n
	}
	by, desc := strings.CutPrefix(v.Get("sort"), "-")
	q.Desc = desc
	switch by {
	case "", "created":
	case "username", "email", "name", "last_sign_in":
		q.Sort = store.UserSort(by)
	default:
		return q, problem.InvalidField("sort", "must be created, username, email, name or last_sign_in, with a - before it for the last first")
	}
	for name, dst := range map[string]**bool{"enabled": &q.Enabled, "approved": &q.Approved} {
		switch v.Get(name) {
		case "":
		case "true":
			*dst = new(true)
		case "false":
			*dst = new(false)
		default:
			return q, problem.InvalidField(name, "must be true or false")
		}
	}
	if state := v.Get("state"); state != "" && !SelectState(&q, state) {
		return q, problem.InvalidField("state", "must be disabled, waiting, invited, new_password or unconfirmed")
	}
	return q, nil
}

// adminUsersAPI answers GET admin/users.
func (c *call) adminUsersAPI() error {
	if _, err := c.mustAdminister(anySession); err != nil {
		return err
	}
	q, err := c.userQuery()
	if err != nil {
		return err
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	list, err := c.p.accounts.List(c.ctx(), q)
	if errors.Is(err, store.ErrNotFound) {
		return problem.InvalidField("after", "is not the next of a page")
	} else if err != nil {
		return err
	}
	total, err := c.p.accounts.Count(c.ctx(), q, countedUsers)
	if err != nil {
		return err
	}
	users := make([]map[string]any, 0, len(list))
	for i := range list {
		users = append(users, c.p.accounts.AdminJSON(&list[i]))
	}
	out := map[string]any{"users": users, "total": total}
	if len(list) == q.Limit {
		out["next"] = q.Next(list[len(list)-1])
	}
	return c.json(http.StatusOK, out)
}

// adminUserAPI answers GET admin/users/{id}.
func (c *call) adminUserAPI() error {
	if _, err := c.mustAdminister(anySession); err != nil {
		return err
	}
	u, err := c.target()
	if err != nil {
		return err
	}
	return c.accountAnswer(http.StatusOK, &u)
}

// accountAnswer answers with an account and its version, which a change can be made to depend on (RFC 9110 §13.1.1).
func (c *call) accountAnswer(status int, u *store.User) error {
	c.w.Header().Set("ETag", `"`+strconv.FormatInt(u.Version, 10)+`"`)
	return c.json(status, c.p.accounts.AdminJSON(u))
}

// ifMatch returns the version that the account must still have; 0: any. What is no version of ours matches none.
func (c *call) ifMatch() (int64, error) {
	header := c.r.Header.Get("If-Match")
	if header == "" || header == "*" {
		return 0, nil
	}
	version, err := strconv.ParseInt(strings.Trim(header, `"`), 10, 64)
	if err != nil || version < 1 || header != `"`+strconv.FormatInt(version, 10)+`"` {
		return 0, problem.ChangedMeanwhile
	}
	return version, nil
}

// readUserChange reads the fields of an account, and more that the call knows. One that it does not know is refused, so that
// nothing is assigned by accident.
func (c *call) readUserChange(more map[string]any) (ch UserChange, needs assurance, err error) {
	type field struct {
		dst   any
		needs assurance
	}
	into := map[string]field{
		"email": {&ch.Email, recentLogin}, "username": {&ch.Username, recentLogin}, "name": {&ch.Name, anySession}, "roles": {&ch.Roles, recentLogin},
		"attributes": {&ch.Attributes, anySession}, "enabled": {&ch.Enabled, anySession}, "approved": {&ch.Approved, anySession},
		"confirmed": {&ch.Confirmed, recentLogin}, "password": {&ch.Password, recentLoginNoToken},
		"password_change_required": {&ch.MustChangePassword, recentLogin},
	}
	for name, dst := range more {
		into[name] = field{dst, recentLogin}
	}
	dst := map[string]any{}
	for name, field := range into {
		dst[name] = field.dst
	}
	sent, err := c.jsonInto(dst)
	for _, name := range sent {
		needs = max(needs, into[name].needs)
	}
	return ch, needs, err
}

// adminChangeAPI answers PATCH admin/users/{id}.
func (c *call) adminChangeAPI() error {
	if _, err := c.mustAdminister(anySession); err != nil { // before anything is told of what was sent
		return err
	}
	ch, needs, err := c.readUserChange(nil)
	if err != nil {
		return err
	}
	by, err := c.mustAdminister(needs)
	if err != nil {
		return err
	}
	u, err := c.target()
	if err != nil {
		return err
	}
	if ch.Version, err = c.ifMatch(); err != nil {
		return err
	}
	if u, err = c.p.accounts.Set(c.ctx(), by, u.ID, ch); err != nil {
		return err
	}
	return c.accountAnswer(http.StatusOK, &u)
}

// adminCreateAPI answers POST admin/users.
func (c *call) adminCreateAPI() error {
	if _, err := c.mustAdminister(anySession); err != nil {
		return err
	}
	var invite bool
	ch, needs, err := c.readUserChange(map[string]any{"invite": &invite})
	if err != nil {
		return err
	}
	by, err := c.mustAdminister(max(needs, recentLogin))
	if err != nil {
		return err
	}
	add := c.p.accounts.Add
	if invite {
		add = c.p.accounts.AddInvited
	}
	u, err := add(c.ctx(), by, ch.NewUser())
	if err != nil {
		return err
	}
	return c.accountAnswer(http.StatusCreated, &u)
}

// adminDeleteAPI answers DELETE admin/users/{id}.
func (c *call) adminDeleteAPI() error {
	by, err := c.mustAdminister(recentLogin)
	if err != nil {
		return err
	}
	u, err := c.target()
	if err == nil {
		err = c.p.accounts.Delete(c.ctx(), by, u.ID)
	}
	if err != nil {
		return err
	}
	return c.noContent()
}

// adminEndSessionsAPI answers DELETE admin/users/{id}/sessions.
func (c *call) adminEndSessionsAPI() error {
	by, err := c.mustAdminister(anySession)
	if err != nil {
		return err
	}
	u, err := c.target()
	if err != nil {
		return err
	}
	n, err := c.p.accounts.RevokeSessions(c.ctx(), by, u.ID)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, map[string]int{"ended": n})
}

// adminClearFactorsAPI answers DELETE admin/users/{id}/factors.
func (c *call) adminClearFactorsAPI() error {
	by, err := c.mustAdminister(recentLogin)
	if err != nil {
		return err
	}
	u, err := c.target()
	if err == nil {
		err = c.p.accounts.ClearFactors(c.ctx(), by, u.ID)
	}
	if err != nil {
		return err
	}
	return c.noContent()
}
