package selfservice

import (
	"errors"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// tokensAPI handles GET tokens.
func (s *profile) tokensAPI(c *web.Call) error {
	_, u, err := s.signin.MustUser(c)
	if err != nil {
		return err
	}
	list, err := s.ownTokens(c, &u)
	if err != nil {
		return err
	}
	out := make([]map[string]any, 0, len(list))
	for i := range list {
		out = append(out, tokenJSON(&list[i]))
	}
	return c.JSON(http.StatusOK, map[string]any{"tokens": out})
}

// createTokenAPI handles POST tokens.
func (s *profile) createTokenAPI(c *web.Call) error {
	var n newToken
	if _, err := c.JSONInto(map[string]any{"name": &n.Name, "expires": &n.Expires, "roles": &n.Roles}); err != nil {
		return err
	}
	token, cred, err := s.createToken(c, n)
	if err != nil {
		return err
	}
	created := tokenJSON(&apiToken{ID: cred.ID, Name: cred.Label, Roles: n.Roles,
		Created: cred.Created, Expires: cred.Expires})
	created["token"] = token
	return c.JSON(http.StatusCreated, created)
}

// deleteTokenAPI handles DELETE tokens/{id}.
func (s *profile) deleteTokenAPI(c *web.Call) error {
	if err := s.deleteToken(c, c.Arg); err != nil {
		return err
	}
	return c.NoContent()
}

// tokenForm handles the form of createToken and shows the token once. The browser asks before a reload makes another.
// "roles" may be repeated; without it, the token has all roles of its owner.
func (s *profile) tokenForm(c *web.Call) error {
	if err := c.Form(); err != nil {
		return err
	}
	f := c.Request.PostForm
	token, _, err := s.createToken(c, newToken{Name: f.Get("name"), Expires: f.Get("expires"), Roles: f["roles"]})
	if err != nil {
		var p *problem.Problem
		if errors.As(err, &p) && p.Extra["field"] == "name" {
			err = p.With("field", "token_name") // the page has another field called "name"
		}
		return s.accountFailed(c, err, map[string]string{"token_name": f.Get("name")})
	}
	return s.showAccount(c, http.StatusOK, pages.Page{Notice: &pages.Message{ID: "done_token"}}, token)
}

// deleteTokenForm handles the form of deleteToken.
func (s *profile) deleteTokenForm(c *web.Call) error {
	f, err := c.FormFields("id")
	if err == nil {
		err = s.deleteToken(c, f["id"])
	}
	if err != nil {
		return s.accountFailed(c, err, nil)
	}
	return s.accountDone(c, "token_deleted")
}
