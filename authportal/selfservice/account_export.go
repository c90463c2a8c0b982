package selfservice

import (
	"fmt"
	"net/http"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
)

// exportAPI handles GET account/export: all data that is kept about the user, as a file (GDPR, Articles 15 and 20). It
// contains no secret.
func (s *profile) exportAPI(c *web.Call) error {
	live, u, err := s.signin.MustUser(c)
	if err != nil {
		return err
	}
	sessions, err := s.sessions.SessionsOf(c.Ctx(), u.ID)
	if err != nil {
		return fmt.Errorf("listing sessions: %w", err)
	}
	credentials, err := s.credentials(c, &u, "")
	if err != nil {
		return fmt.Errorf("listing credentials: %w", err)
	}
	account, err := s.accountJSON(c, &u)
	if err != nil {
		return err
	}
	delete(account, "fields")
	if !u.LastSignIn.IsZero() {
		account["last_sign_in"] = accounts.Stamp(u.LastSignIn)
	}
	list := make([]map[string]any, 0, len(sessions))
	for i := range sessions {
		list = append(list, ownSessionJSON(&sessions[i], live))
	}
	c.Emit(audit.Event{Kind: audit.EventAccountExport, Result: audit.ResultOK,
		UserID: u.ID, Username: u.Username, Session: live.Session.RootID()})
	c.Writer.Header().Set("Content-Disposition", `attachment; filename="account.json"`)
	return c.JSON(http.StatusOK, map[string]any{
		"exported": accounts.Stamp(s.now()), "account": account, "sessions": list, "credentials": credentials,
	})
}
