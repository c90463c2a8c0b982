package authportal

import (
	"errors"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
)

// tokensAPI answers GET tokens.
func (c *call) tokensAPI() error {
	_, u, err := c.mustUser()
	if err != nil {
		return err
	}
	list, err := c.ownTokens(&u)
	if err != nil {
		return err
	}
	out := make([]map[string]any, 0, len(list))
	for i := range list {
		out = append(out, tokenJSON(&list[i]))
	}
	return c.json(http.StatusOK, map[string]any{"tokens": out})
}

// createTokenAPI answers POST tokens.
func (c *call) createTokenAPI() error {
	var n newToken
	if _, err := c.jsonInto(map[string]any{"name": &n.Name, "expires": &n.Expires, "roles": &n.Roles}); err != nil {
		return err
	}
	token, cred, err := c.createToken(n)
	if err != nil {
		return err
	}
	answer := tokenJSON(&apiToken{ID: cred.ID, Name: cred.Label, Roles: n.Roles, Created: cred.Created, Expires: cred.Expires})
	answer["token"] = token
	return c.json(http.StatusCreated, answer)
}

// deleteTokenAPI answers DELETE tokens/{id}.
func (c *call) deleteTokenAPI() error {
	if err := c.deleteToken(c.arg); err != nil {
		return err
	}
	return c.noContent()
}

// tokenForm makes a token and shows it, once: a reload asks the browser's owner before it makes another. "roles" may be
// there several times; where it is not, the token may do what its owner may.
func (c *call) tokenForm() error {
	if err := c.form(); err != nil {
		return err
	}
	f := c.r.PostForm
	token, _, err := c.createToken(newToken{Name: f.Get("name"), Expires: f.Get("expires"), Roles: f["roles"]})
	if err != nil {
		var p *problem.Problem
		if errors.As(err, &p) && p.Extra["field"] == "name" {
			err = p.With("field", "token_name") // the page has another field of that name
		}
		return c.accountFailed(err, map[string]string{"token_name": f.Get("name")})
	}
	return c.showAccount(http.StatusOK, pages.Page{Notice: &pages.Message{ID: "done_token"}}, token)
}

// deleteTokenForm is the form's face of deleteToken.
func (c *call) deleteTokenForm() error {
	f, err := c.formFields("id")
	if err == nil {
		err = c.deleteToken(f["id"])
	}
	if err != nil {
		return c.accountFailed(err, nil)
	}
	return c.accountDone("token_deleted")
}
