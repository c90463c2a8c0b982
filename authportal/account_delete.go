package authportal

import (
	"github.com/gatehouse-auth/gatehouse/authportal/problem"
	"github.com/gatehouse-auth/gatehouse/store"
)

// deleteAccount removes the account of whoever has signed in within the last ten minutes: an open browser alone is not
// enough for what cannot be undone. Every sign-in and token of it ends, and its username is never given out again.
func (c *call) deleteAccount() error {
	if _, err := c.mustFresh(); err != nil {
		return err
	}
	live, u, err := c.mustUser()
	if err != nil {
		return err
	}
	if err := c.p.accounts.deleteOwn(c.ctx(), u.ID); err != nil {
		return err
	}
	c.clearSession()
	c.me = &caller{}
	c.emit(Event{Kind: EventUserDelete, Result: ResultOK, Reason: "owner", UserID: u.ID, Username: u.Username, Session: live.Session.RootID()})
	return nil
}

// deleteAccountAPI answers DELETE account.
func (c *call) deleteAccountAPI() error {
	if err := c.deleteAccount(); err != nil {
		return err
	}
	return c.noContent()
}

// deleteAccountForm is the form's face of deleteAccount. The box keeps a slip of the finger from being an end.
func (c *call) deleteAccountForm() error {
	f, err := c.formFields("sure")
	switch {
	case err != nil:
	case f["sure"] == "":
		err = problem.InvalidField("sure", "is missing")
	default:
		if err = c.deleteAccount(); err == nil {
			return c.redirect(c.link("/logout?done=deleted"))
		}
	}
	return c.accountFailed(err, nil)
}

// credentials lists what is kept for a person to show who they are, without what proves it; of every kind if kind is
// empty.
func (c *call) credentials(u *store.User, kind string) ([]map[string]any, error) {
	list, err := c.p.users.CredentialsOf(c.ctx(), u.ID, kind)
	if err != nil {
		return nil, err
	}
	out := make([]map[string]any, 0, len(list))
	for i := range list {
		one := map[string]any{"kind": list[i].Kind, "created": stamp(list[i].Created)}
		if list[i].Label != "" {
			one["label"] = list[i].Label
		}
		if !list[i].Used.IsZero() {
			one["used"] = stamp(list[i].Used)
		}
		if !list[i].Expires.IsZero() {
			one["expires"] = stamp(list[i].Expires)
		}
		out = append(out, one)
	}
	return out, nil
}
