package selfservice

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/signin"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// MaxTokens is the maximum number of API tokens of an account. More call for accounts of their own for machines.
const MaxTokens = 100

var errTokenLimit = &problem.Problem{Status: http.StatusConflict, Code: "limit_reached",
	Detail: "the account has 100 API tokens; delete one first"}

// newToken is a request for an API token.
type newToken struct {
	Name    string
	Expires string   // RFC 3339, or a date; empty: never
	Roles   []string // nil: all roles that the owner holds, now and later
}

// createToken makes an API token and returns it. It requires a recent login. The token is shown only once: the store
// keeps its SHA-256.
func (s *profile) createToken(c *web.Call, n newToken) (token string, cred store.Credential, err error) {
	defer func() { s.emitTokenRefusal(c, audit.EventTokenCreate, err) }()
	if _, err := s.signin.MustFresh(c); err != nil {
		return "", cred, err
	}
	live, u, err := s.signin.MustUser(c)
	if err != nil {
		return "", cred, err
	}
	if err := s.signin.MustHTTPS(c); err != nil {
		return "", cred, err
	}
	if cred, err = s.tokenCredential(c, n, &u); err != nil {
		return "", cred, accounts.Problem(err)
	}
	have, err := s.users.CredentialsOf(c.Ctx(), u.ID, store.KindAPIToken)
	if err != nil {
		return "", cred, fmt.Errorf("reading API tokens: %w", err)
	}
	if len(have) >= MaxTokens {
		return "", cred, errTokenLimit
	}
	secret, err := s.web.Secret(signin.TokenBytes)
	if err != nil {
		return "", cred, err
	}
	token = signin.TokenPrefix + web.Secret64.EncodeToString(secret)
	cred.ID = signin.TokenID(token)
	if err := s.accounts.AddToken(c.Ctx(), cred); err != nil {
		return "", cred, err
	}
	c.Emit(audit.Event{Kind: audit.EventTokenCreate, Result: audit.ResultOK,
		UserID: u.ID, Username: u.Username, Session: live.Session.RootID()})
	return token, cred, nil
}

// emitTokenRefusal audits a refused token request that an auditor cares about: too many tokens, or roles that the owner
// does not hold.
func (s *profile) emitTokenRefusal(c *web.Call, kind string, err error) {
	p, ok := errors.AsType[*problem.Problem](err)
	if !ok || p.Code != errTokenLimit.Code && (p.Code != "invalid_field" || p.Extra["field"] != "roles") {
		return
	}
	live := c.Caller.Live
	c.Emit(audit.Event{Kind: kind, Result: audit.ResultRefused, Reason: p.Code,
		UserID: live.Identity.UserID, Username: live.Identity.Username, Session: live.Session.RootID()})
}

// tokenCredential validates a request for a token. A token cannot have roles that its owner does not hold.
func (s *profile) tokenCredential(c *web.Call, n newToken, u *store.User) (cred store.Credential, err error) {
	now := s.now()
	cred = store.Credential{Kind: store.KindAPIToken, Owner: u.ID, Created: now}
	if cred.Label, err = accounts.NormalizeName(n.Name); err != nil {
		return cred, err
	}
	if cred.Label == "" {
		return cred, &accounts.InvalidError{Field: "name", Why: "is missing"}
	}
	if n.Expires != "" {
		if cred.Expires, err = web.ReadTime(n.Expires); err != nil {
			return cred, &accounts.InvalidError{Field: "expires",
				Why: "must be a time such as 2030-01-31T12:00:00Z, or a day"}
		}
		if !cred.Expires.After(now) {
			return cred, &accounts.InvalidError{Field: "expires", Why: "is in the past"}
		}
	}
	data := signin.TokenData{}
	if n.Roles != nil {
		data.Roles = slices.Compact(slices.Sorted(slices.Values(n.Roles)))
		if data.Roles == nil {
			data.Roles = []string{} // null would mean all roles
		}
	}
	held := s.expand(u.InForce())
	for _, r := range data.Roles {
		if !slices.Contains(held, r) {
			return cred, &accounts.InvalidError{Field: "roles", Why: "hold one that is not yours"}
		}
	}
	cred.Data, err = json.Marshal(data)
	return cred, err
}

// deleteToken revokes an API token. The next request that uses it, on any gateway, is refused.
func (s *profile) deleteToken(c *web.Call, id string) error {
	live, err := s.signin.MustSession(c)
	if err != nil {
		return err
	}
	switch err := s.accounts.DeleteToken(c.Ctx(), live.Session.UserID, id); {
	case errors.Is(err, store.ErrNotFound):
		return problem.NotFound
	case err != nil:
		return err
	}
	c.Emit(audit.Event{Kind: audit.EventTokenDelete, Result: audit.ResultOK,
		UserID: live.Session.UserID, Username: live.Identity.Username})
	return nil
}

// apiToken is an API token as its owner sees it.
type apiToken struct {
	ID, Name               string
	Roles                  []string
	Created, Used, Expires time.Time // zero: never
}

func (s *profile) ownTokens(c *web.Call, u *store.User) ([]apiToken, error) {
	list, err := s.users.CredentialsOf(c.Ctx(), u.ID, store.KindAPIToken)
	if err != nil {
		return nil, fmt.Errorf("reading API tokens: %w", err)
	}
	out := make([]apiToken, 0, len(list))
	for _, cred := range list {
		var data signin.TokenData
		if err := json.Unmarshal(cred.Data, &data); err != nil {
			return nil, fmt.Errorf("reading API tokens: %w", err)
		}
		out = append(out, apiToken{ID: cred.ID, Name: cred.Label, Roles: data.Roles,
			Created: cred.Created, Used: cred.Used, Expires: cred.Expires})
	}
	return out, nil
}

// tokenJSON returns a token as JSON. Times that are zero ("never") are omitted.
func tokenJSON(t *apiToken) map[string]any {
	out := map[string]any{"id": t.ID, "name": t.Name, "created": t.Created.UTC().Format(time.RFC3339)}
	if t.Roles != nil {
		out["roles"] = t.Roles
	}
	if !t.Used.IsZero() {
		out["used"] = t.Used.UTC().Format(time.RFC3339)
	}
	if !t.Expires.IsZero() {
		out["expires"] = t.Expires.UTC().Format(time.RFC3339)
	}
	return out
}
