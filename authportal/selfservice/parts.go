package selfservice

// The parts of the service, lowest first. Each has only the parts that it uses, all of them below it.

// rules validate what a user may choose about an account.
type rules struct {
	*deps
}

// emails change the address of an account, and undo the change.
type emails struct {
	*deps
	rules *rules
}

// invites accept invitations and set up the first administrator.
type invites struct {
	*deps
	rules *rules
}

// messages compose queued messages, and make the secrets in them.
type messages struct {
	*deps
	emails  *emails
	invites *invites
}

// resets set a new password, with a link or with the present password.
type resets struct {
	*deps
	rules *rules
}

// signups make accounts and confirm their addresses.
type signups struct {
	*deps
	rules   *rules
	emails  *emails
	invites *invites
}

// profile is the owner's view of the account: data, sessions, API tokens.
type profile struct {
	*deps
	rules   *rules
	emails  *emails
	invites *invites
	resets  *resets
	signups *signups
}

// newService makes and connects the parts.
func newService(d *deps) *Service {
	s := &Service{}
	s.rules = &rules{deps: d}
	s.emails = &emails{deps: d, rules: s.rules}
	s.invites = &invites{deps: d, rules: s.rules}
	s.messages = &messages{deps: d, emails: s.emails, invites: s.invites}
	s.resets = &resets{deps: d, rules: s.rules}
	s.signups = &signups{deps: d, rules: s.rules, emails: s.emails, invites: s.invites}
	s.profile = &profile{deps: d, rules: s.rules, emails: s.emails,
		invites: s.invites, resets: s.resets, signups: s.signups}
	return s
}
