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

// MaxTokens is how many API tokens one account may have: people who need more need accounts for their machines.
const MaxTokens = 100

var errTokenLimit = &problem.Problem{Status: http.StatusConflict, Code: "limit_reached",
	Detail: "the account has 100 API tokens; delete one first"}

// newToken is what somebody asks for.
type newToken struct {
	Name    string
	Expires string   // empty: never; RFC 3339, or a day
	Roles   []string // nil: all that the owner holds, now and later
}

// createToken makes an API token for whoever has signed in within the last ten minutes, and returns it. It is shown
// once: the store keeps its SHA-256.
func (s *profile) createToken(c *web.Call, n newToken) (token string, cred store.Credential, err error) {
	defer func() { s.refusedToken(c, audit.EventTokenCreate, err) }()
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
	c.Emit(audit.Event{Kind: audit.EventTokenCreate, Result: audit.ResultOK, UserID: u.ID, Username: u.Username, Session: live.Session.RootID()})
	return token, cred, nil
}

// refusedToken tells of a token that was not made or taken back, where that says more than a typing error or a sign-in
// that is missing.
func (s *profile) refusedToken(c *web.Call, kind string, err error) {
	if p := (*problem.Problem)(nil); errors.As(err, &p) && (p.Code == errTokenLimit.Code || p.Code == "invalid_field" && p.Extra["field"] == "roles") {
		id := c.Caller.Live.Identity
		c.Emit(audit.Event{Kind: kind, Result: audit.ResultRefused, Reason: p.Code, UserID: id.UserID, Username: id.Username, Session: c.Caller.Live.Session.RootID()})
	}
}

// tokenCredential reads what was asked for. Nobody hands a token more than they hold.
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
			return cred, &accounts.InvalidError{Field: "expires", Why: "must be a time such as 2030-01-31T12:00:00Z, or a day"}
		}
		if !cred.Expires.After(now) {
			return cred, &accounts.InvalidError{Field: "expires", Why: "is in the past"}
		}
	}
	data := signin.TokenData{}
	if n.Roles != nil {
		data.Roles = slices.Compact(slices.Sorted(slices.Values(n.Roles)))
		if data.Roles == nil {
			data.Roles = []string{} // null would mean all of them
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

// deleteToken revokes one. It bites at the next request everywhere.
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

// apiToken is an API token as its owner's list shows it, in either face.
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

// tokenJSON is a token as programs read it. Members that say "never" are left out.
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
