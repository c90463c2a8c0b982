package selfservice

// The parts of the service, from the lowest up. Each knows only those that it uses, and none knows one above it.

// rules are what a sign-up may ask for.
type rules struct {
	*deps
}

// emails change the address of an account, and take the change back.
type emails struct {
	*deps
	rules *rules
}

// invites accept invitations and set up the first administrator.
type invites struct {
	*deps
	rules *rules
}

// messages compose what is queued, and make the secrets in it.
type messages struct {
	*deps
	emails  *emails
	invites *invites
}

// resets set a new password, by a link or by the present one.
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

// newService makes the parts.
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
