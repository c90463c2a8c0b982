package authportal

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/pages"
	"github.com/gatehouse-auth/gatehouse/store"
)

// maxTokens is how many API tokens one account may have: people who need more need accounts for their machines.
const maxTokens = 100

var errTokenLimit = &Problem{Status: http.StatusConflict, Code: "limit_reached", Detail: "the account has 100 API tokens; delete one first"}

// newToken is what somebody asks for.
type newToken struct {
	Name    string
	Expires string   // empty: never; RFC 3339, or a day
	Roles   []string // nil: all that the owner holds, now and later
}

// createToken makes an API token for whoever has signed in within the last ten minutes, and returns it. It is shown once:
// the store keeps its SHA-256.
func (c *call) createToken(n newToken) (token string, cred store.Credential, err error) {
	defer func() { c.refusedToken(EventTokenCreate, err) }()
	if _, err := c.mustFresh(); err != nil {
		return "", cred, err
	}
	live, u, err := c.mustUser()
	if err != nil {
		return "", cred, err
	}
	if err := c.mustHTTPS(); err != nil {
		return "", cred, err
	}
	if cred, err = c.tokenCredential(n, &u); err != nil {
		return "", cred, accountProblem(err)
	}
	have, err := c.p.users.CredentialsOf(c.ctx(), u.ID, store.KindAPIToken)
	if err != nil {
		return "", cred, fmt.Errorf("reading API tokens: %w", err)
	}
	if len(have) >= maxTokens {
		return "", cred, errTokenLimit
	}
	secret, err := c.p.secret(tokenBytes)
	if err != nil {
		return "", cred, err
	}
	token = TokenPrefix + secret64.EncodeToString(secret)
	cred.ID = tokenID(token)
	if err := c.p.accounts.AddToken(c.ctx(), cred); err != nil {
		return "", cred, err
	}
	c.emit(Event{Kind: EventTokenCreate, Result: ResultOK, UserID: u.ID, Username: u.Username, Session: live.Session.SignIn()})
	return token, cred, nil
}

// refusedToken tells of a token that was not made or taken back, where that says more than a typing error or a sign-in that is missing.
func (c *call) refusedToken(kind string, err error) {
	if p := (*Problem)(nil); errors.As(err, &p) && (p.Code == errTokenLimit.Code || p.Code == "invalid_field" && p.Extra["field"] == "roles") {
		id := c.me.live.Identity
		c.emit(Event{Kind: kind, Result: ResultRefused, Reason: p.Code, UserID: id.UserID, Username: id.Username, Session: c.me.live.Session.SignIn()})
	}
}

// tokenCredential reads what was asked for. Nobody hands a token more than they hold.
func (c *call) tokenCredential(n newToken, u *store.User) (cred store.Credential, err error) {
	now := c.p.now()
	cred = store.Credential{Kind: store.KindAPIToken, Owner: u.ID, Created: now}
	if cred.Label, err = NormalizeName(n.Name); err != nil {
		return cred, err
	}
	if cred.Label == "" {
		return cred, &InvalidError{Field: "name", Why: "is missing"}
	}
	if n.Expires != "" {
		if cred.Expires, err = readTime(n.Expires); err != nil {
			return cred, &InvalidError{Field: "expires", Why: "must be a time such as 2030-01-31T12:00:00Z, or a day"}
		}
		if !cred.Expires.After(now) {
			return cred, &InvalidError{Field: "expires", Why: "is in the past"}
		}
	}
	data := TokenData{}
	if n.Roles != nil {
		data.Roles = slices.Compact(slices.Sorted(slices.Values(n.Roles)))
		if data.Roles == nil {
			data.Roles = []string{} // null would mean all of them
		}
	}
	held := c.p.expand(u.InForce())
	for _, r := range data.Roles {
		if !slices.Contains(held, r) {
			return cred, &InvalidError{Field: "roles", Why: "hold one that is not yours"}
		}
	}
	cred.Data, err = json.Marshal(data)
	return cred, err
}

func readTime(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.Parse(time.DateOnly, s)
}

// deleteToken revokes one. It bites at the next request everywhere.
func (c *call) deleteToken(id string) error {
	live, err := c.mustSession()
	if err != nil {
		return err
	}
	switch err := c.p.accounts.DeleteToken(c.ctx(), live.Session.UserID, id); {
	case errors.Is(err, store.ErrNotFound):
		return errNotFound
	case err != nil:
		return err
	}
	c.emit(Event{Kind: EventTokenDelete, Result: ResultOK, UserID: live.Session.UserID, Username: live.Identity.Username})
	return nil
}

func (c *call) ownTokens(u *store.User) ([]pages.Token, error) {
	list, err := c.p.users.CredentialsOf(c.ctx(), u.ID, store.KindAPIToken)
	if err != nil {
		return nil, fmt.Errorf("reading API tokens: %w", err)
	}
	out := make([]pages.Token, 0, len(list))
	for _, cred := range list {
		var data TokenData
		if err := json.Unmarshal(cred.Data, &data); err != nil {
			return nil, fmt.Errorf("reading API tokens: %w", err)
		}
		out = append(out, pages.Token{ID: cred.ID, Name: cred.Label, Roles: data.Roles, Created: cred.Created, Used: cred.Used, Expires: cred.Expires})
	}
	return out, nil
}

// tokenJSON is a token as its owner's list shows it. Members that say "never" are left out.
func tokenJSON(t *pages.Token) map[string]any {
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
