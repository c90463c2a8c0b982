package rolepolicy

import (
	"slices"
	"strings"
)

// Subject is a signed-in account as rules see it, prepared once and then judged
// any number of times. It does not change. It holds the role inclusion that was
// in force when it was made: make it anew after a reload or a change of rights.
type Subject struct {
	username string
	email    string // confirmed, lower case; else ""
	domain   string // of email
	roles    []string
}

// NewSubject prepares an account for judging. confirmedEmail is empty where the
// address is not confirmed; roles are those held, without included ones.
func (r *Roles) NewSubject(username, confirmedEmail string, roles []string) *Subject {
	s := &Subject{username: username, roles: r.Expand(roles)}
	// An address that can be split in two ways ("a@evil"@example.com) is no
	// address: whose domain it is would depend on the reader.
	email := strings.ToLower(confirmedEmail)
	if local, domain, ok := strings.Cut(email, "@"); ok && local != "" && checkDomain(domain) == nil {
		s.email, s.domain = email, domain
	}
	return s
}

// NewSubject is [Roles.NewSubject] with the inclusion the policy was compiled with.
func (p *Policy) NewSubject(username, confirmedEmail string, roles []string) *Subject {
	if p == nil {
		return (*Roles)(nil).NewSubject(username, confirmedEmail, roles)
	}
	return p.roles.NewSubject(username, confirmedEmail, roles)
}

// HasRole reports whether the subject holds a role, itself or by inclusion.
func (s *Subject) HasRole(name string) bool {
	if s == nil {
		return false
	}
	_, found := slices.BinarySearch(s.roles, name)
	return found
}

// Roles returns every role held, included ones too, sorted. The caller must not
// change the slice.
func (s *Subject) Roles() []string {
	if s == nil {
		return nil
	}
	return slices.Clip(s.roles)
}
