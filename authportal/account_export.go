package authportal

import (
	"fmt"
	"net/http"
)

// exportAPI answers GET account/export: all that is kept of a person, as a file that they can take along (GDPR,
// Articles 15 and 20). Nothing in it opens a door.
func (c *call) exportAPI() error {
	live, u, err := c.mustUser()
	if err != nil {
		return err
	}
	sessions, err := c.p.sessions.SessionsOf(c.ctx(), u.ID)
	if err != nil {
		return fmt.Errorf("listing sessions: %w", err)
	}
	credentials, err := c.credentials(&u, "")
	if err != nil {
		return fmt.Errorf("listing credentials: %w", err)
	}
	account, err := c.accountJSON(&u)
	if err != nil {
		return err
	}
	delete(account, "fields")
	if !u.LastSignIn.IsZero() {
		account["last_sign_in"] = stamp(u.LastSignIn)
	}
	list := make([]map[string]any, 0, len(sessions))
	for i := range sessions {
		list = append(list, ownSessionJSON(&sessions[i], live))
	}
	c.emit(Event{Kind: EventAccountExport, Result: ResultOK, UserID: u.ID, Username: u.Username, Session: live.Session.SignIn()})
	c.w.Header().Set("Content-Disposition", `attachment; filename="account.json"`)
	return c.json(http.StatusOK, map[string]any{"exported": stamp(c.p.now()), "account": account, "sessions": list, "credentials": credentials})
}
