package selfservice

import (
	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/authportal/audit"
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/authportal/web"
	"github.com/gatehouse-auth/gatehouse/store"
)

// deleteAccount deletes the caller's account. It requires a recent login: an unattended browser must not be enough for
// an act that cannot be undone. All sessions and API tokens end, and the username is never assigned again.
func (s *profile) deleteAccount(c *web.Call) error {
	if _, err := s.signin.MustFresh(c); err != nil {
		return err
	}
	live, u, err := s.signin.MustUser(c)
	if err != nil {
		return err
	}
	if err := s.accounts.DeleteOwn(c.Ctx(), u.ID); err != nil {
		return err
	}
	s.signin.ClearSession(c)
	c.Caller = &web.Caller{}
	c.Emit(audit.Event{Kind: audit.EventUserDelete, Result: audit.ResultOK, Reason: "owner",
		UserID: u.ID, Username: u.Username, Session: live.Session.RootID()})
	return nil
}

// deleteAccountAPI handles DELETE account.
func (s *profile) deleteAccountAPI(c *web.Call) error {
	if err := s.deleteAccount(c); err != nil {
		return err
	}
	return c.NoContent()
}

// deleteAccountForm handles the form of deleteAccount. Its check box prevents deletion by a stray click.
func (s *profile) deleteAccountForm(c *web.Call) error {
	f, err := c.FormFields("sure")
	switch {
	case err != nil:
	case f["sure"] == "":
		err = problem.InvalidField("sure", "is missing")
	default:
		if err = s.deleteAccount(c); err == nil {
			return c.Redirect(c.Link("/logout?done=deleted"))
		}
	}
	return s.accountFailed(c, err, nil)
}

// credentials returns the account's credentials of a kind without their secrets, or those of all kinds if kind is
// empty.
func (s *profile) credentials(c *web.Call, u *store.User, kind string) ([]map[string]any, error) {
	list, err := s.users.CredentialsOf(c.Ctx(), u.ID, kind)
	if err != nil {
		return nil, err
	}
	out := make([]map[string]any, 0, len(list))
	for i := range list {
		one := map[string]any{"kind": list[i].Kind, "created": accounts.Stamp(list[i].Created)}
		if list[i].Label != "" {
			one["label"] = list[i].Label
		}
		if !list[i].Used.IsZero() {
			one["used"] = accounts.Stamp(list[i].Used)
		}
		if !list[i].Expires.IsZero() {
			one["expires"] = accounts.Stamp(list[i].Expires)
		}
		out = append(out, one)
	}
	return out, nil
}
