package admin

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// countedUsers bounds the total that a list counts.
const countedUsers = 10_000

// userQuery reads the query of a list of accounts.
func (s *people) userQuery(c *web.Call) (store.UserQuery, error) {
	return readUserQuery(c.Request.URL.Query())
}

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
		return q, problem.InvalidField("sort",
			"must be created, username, email, name or last_sign_in, with a - before it for the last first")
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
	if state := v.Get("state"); state != "" && !accounts.SelectState(&q, state) {
		return q, problem.InvalidField("state", "must be disabled, waiting, invited, new_password or unconfirmed")
	}
	return q, nil
}

// listAPI answers GET admin/users.
func (s *people) listAPI(c *web.Call) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	q, err := s.userQuery(c)
	if err != nil {
		return err
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	list, err := s.accounts.List(c.Ctx(), q)
	if errors.Is(err, store.ErrNotFound) {
		return problem.InvalidField("after", "is not the next of a page")
	} else if err != nil {
		return err
	}
	total, err := s.accounts.Count(c.Ctx(), q, countedUsers)
	if err != nil {
		return err
	}
	users := make([]map[string]any, 0, len(list))
	for i := range list {
		users = append(users, s.accounts.AdminJSON(&list[i]))
	}
	out := map[string]any{"users": users, "total": total}
	if len(list) == q.Limit {
		out["next"] = q.Next(list[len(list)-1])
	}
	return c.JSON(http.StatusOK, out)
}

// userAPI answers GET admin/users/{id}.
func (s *people) userAPI(c *web.Call) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	u, err := s.entry.target(c)
	if err != nil {
		return err
	}
	return s.accountAnswer(c, http.StatusOK, &u)
}

// accountAnswer answers with an account, and its version as ETag for a later If-Match (RFC 9110 §13.1.1).
func (s *people) accountAnswer(c *web.Call, status int, u *store.User) error {
	c.Writer.Header().Set("ETag", `"`+strconv.FormatInt(u.Version, 10)+`"`)
	return c.JSON(status, s.accounts.AdminJSON(u))
}

// ifMatch returns the version that the account must still have; 0: any. A malformed value matches no version.
func (s *people) ifMatch(c *web.Call) (int64, error) {
	header := c.Request.Header.Get("If-Match")
	if header == "" || header == "*" {
		return 0, nil
	}
	version, err := strconv.ParseInt(strings.Trim(header, `"`), 10, 64)
	if err != nil || version < 1 || header != `"`+strconv.FormatInt(version, 10)+`"` {
		return 0, problem.ChangedMeanwhile
	}
	return version, nil
}

// readUserChange reads the fields of an account, and the additional ones in more. It refuses unknown fields, so that
// nothing is assigned by accident (mass assignment).
func (s *people) readUserChange(c *web.Call, more map[string]any) (ch accounts.UserChange, needs accounts.Assurance,
	err error) {
	type field struct {
		dst   any
		needs accounts.Assurance
	}
	into := map[string]field{
		"email": {&ch.Email, accounts.RecentLogin}, "username": {&ch.Username, accounts.RecentLogin},
		"name": {&ch.Name, accounts.AnySession}, "roles": {&ch.Roles, accounts.RecentLogin},
		"attributes": {&ch.Attributes, accounts.AnySession}, "enabled": {&ch.Enabled, accounts.AnySession},
		"approved":  {&ch.Approved, accounts.AnySession},
		"confirmed": {&ch.Confirmed, accounts.RecentLogin}, "password": {&ch.Password, accounts.RecentLoginNoToken},
		"password_change_required": {&ch.MustChangePassword, accounts.RecentLogin},
	}
	for name, dst := range more {
		into[name] = field{dst, accounts.RecentLogin}
	}
	dst := map[string]any{}
	for name, field := range into {
		dst[name] = field.dst
	}
	sent, err := c.JSONInto(dst)
	for _, name := range sent {
		needs = max(needs, into[name].needs)
	}
	return ch, needs, err
}

// changeAPI answers PATCH admin/users/{id}.
func (s *people) changeAPI(c *web.Call) error {
	// before an answer reveals how the body was read
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	ch, needs, err := s.readUserChange(c, nil)
	if err != nil {
		return err
	}
	by, err := s.entry.mustAdminister(c, needs)
	if err != nil {
		return err
	}
	u, err := s.entry.target(c)
	if err != nil {
		return err
	}
	if ch.Version, err = s.ifMatch(c); err != nil {
		return err
	}
	if u, err = s.accounts.Set(c.Ctx(), by, u.ID, ch); err != nil {
		return err
	}
	return s.accountAnswer(c, http.StatusOK, &u)
}

// createAPI answers POST admin/users.
func (s *people) createAPI(c *web.Call) error {
	if _, err := s.entry.mustAdminister(c, accounts.AnySession); err != nil {
		return err
	}
	var invite bool
	ch, needs, err := s.readUserChange(c, map[string]any{"invite": &invite})
	if err != nil {
		return err
	}
	by, err := s.entry.mustAdminister(c, max(needs, accounts.RecentLogin))
	if err != nil {
		return err
	}
	add := s.accounts.Add
	if invite {
		add = s.accounts.AddInvited
	}
	u, err := add(c.Ctx(), by, ch.NewUser())
	if err != nil {
		return err
	}
	return s.accountAnswer(c, http.StatusCreated, &u)
}

// deleteAPI answers DELETE admin/users/{id}.
func (s *people) deleteAPI(c *web.Call) error {
	by, err := s.entry.mustAdminister(c, accounts.RecentLogin)
	if err != nil {
		return err
	}
	u, err := s.entry.target(c)
	if err == nil {
		err = s.accounts.Delete(c.Ctx(), by, u.ID)
	}
	if err != nil {
		return err
	}
	return c.NoContent()
}

// endSessionsAPI answers DELETE admin/users/{id}/sessions.
func (s *people) endSessionsAPI(c *web.Call) error {
	by, err := s.entry.mustAdminister(c, accounts.AnySession)
	if err != nil {
		return err
	}
	u, err := s.entry.target(c)
	if err != nil {
		return err
	}
	n, err := s.accounts.RevokeSessions(c.Ctx(), by, u.ID)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]int{"ended": n})
}

// clearFactorsAPI answers DELETE admin/users/{id}/factors.
func (s *people) clearFactorsAPI(c *web.Call) error {
	by, err := s.entry.mustAdminister(c, accounts.RecentLogin)
	if err != nil {
		return err
	}
	u, err := s.entry.target(c)
	if err == nil {
		err = s.accounts.ClearFactors(c.Ctx(), by, u.ID)
	}
	if err != nil {
		return err
	}
	return c.NoContent()
}
